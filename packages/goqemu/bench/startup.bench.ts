import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';

const goqemu = fileURLToPath(new URL('../bin/goqemu.js', import.meta.url));

/** How long commands take against Node.js doing nothing, in the same run: medians of turns taken in between. */
export default async function startup(report: BenchReport, { quick }: { quick: boolean }): Promise<void> {
  const turns = quick ? 5 : 15;
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-startup-'));
  try {
    writeFileSync(join(folder, 'lab.ts'), labOf(20));
    // An image that is a file here: no network and no download in the way.
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'image.qcow2'), '1G']);
    const commands = {
      node: ['-e', '0'],
      version: [goqemu, '--version'],
      graph: [goqemu, 'graph'],
      plan: [goqemu, 'plan'],
    };
    const times: Record<string, number[]> = {};
    for (let turn = -2; turn < turns; turn++)
      for (const [name, words] of Object.entries(commands)) {
        const took = timeOf(words, folder);
        // The first turns fill the caches that later ones find.
        if (turn >= 0) times[name] = [...(times[name] ?? []), took];
      }
    const baseline = median(times.node);
    const aims: Readonly<Record<string, string>> = {
      version: '≤ 2 ×',
      graph: '',
      plan: '≤ 5 × on Node 20, ≤ 3 × on current',
    };
    report({ name: 'node -e 0', value: baseline, unit: 'ms' });
    report({ name: 'goqemu --version', value: median(times.version), unit: 'ms', baseline, aim: aims.version ?? '' });
    report({ name: 'goqemu graph, 20 machines', value: median(times.graph), unit: 'ms', baseline });
    report({ name: 'goqemu plan, 20 machines', value: median(times.plan), unit: 'ms', baseline, aim: aims.plan ?? '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function timeOf(words: readonly string[], folder: string): number {
  const begun = performance.now();
  execFileSync(process.execPath, words, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, GOQEMU_HOME: join(folder, 'home') },
    stdio: 'ignore',
  });
  return performance.now() - begun;
}

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function labOf(machines: number): string {
  return `import { defineLab } from 'goqemu';
export default defineLab({ name: 'startup' }, (lab) => {
  for (let i = 0; i < ${machines}; i++)
    lab.vm(\`m-\${i}\`, { image: new URL('./image.qcow2', import.meta.url).pathname })
      .run('one', 'true').run('two', \`echo \${i}\`).file('three', '/three', 'three\\n').checkpoint('ready');
});
`;
}
