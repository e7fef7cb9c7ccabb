import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { benchNodes } from './nodes.ts';
import { goqemu, mediansInTurns, milliseconds } from './turns.ts';

/**
 * How long commands take against Node.js doing nothing, in the same run: medians of turns taken in between. On the
 * Node.js that runs the bench and on a current one; no machine is there, which `bench -- engine` has.
 */
export default async function startup(report: BenchReport, { quick }: { quick: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-startup-'));
  try {
    writeFileSync(join(folder, 'lab.ts'), labOf(20));
    // An image that is a file here: no network and no download in the way.
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'image.qcow2'), '1G']);
    const commands = {
      nothing: ['-e', '0'],
      version: [goqemu, '--version'],
      help: [goqemu, '--help'],
      graph: [goqemu, 'graph'],
      plan: [goqemu, 'plan'],
    };
    for (const { version, path } of await benchNodes()) {
      const place = { cwd: folder, home: join(folder, 'home') };
      const took = mediansInTurns(commands, { node: path, place, turns: quick ? 5 : 15, cost: milliseconds });
      const row = (name: string, value: number, aim?: string) =>
        report({
          name: `${name} (Node ${version})`,
          value,
          unit: 'ms',
          baseline: took.nothing,
          ...(aim ? { aim } : {}),
        });
      report({ name: `node -e 0 (Node ${version})`, value: took.nothing, unit: 'ms' });
      row('goqemu --version', took.version, '≤ 2 ×');
      row('goqemu --help', took.help);
      row('goqemu graph, 20 machines', took.graph);
      row('goqemu plan, 20 machines to be made', took.plan);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function labOf(machines: number): string {
  return `import { defineLab } from 'goqemu';
export default defineLab({ name: 'startup' }, (lab) => {
  for (let i = 0; i < ${machines}; i++)
    lab.vm(\`m-\${i}\`, { memory: '256 MiB', image: new URL('./image.qcow2', import.meta.url).pathname })
      .run('one', 'true').run('two', \`echo \${i}\`).file('three', '/three', 'three\\n').checkpoint('ready');
});
`;
}
