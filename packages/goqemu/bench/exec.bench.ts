/**
 * A command in the guest of a running Debian 12, beside OpenSSH's client to the same guest: fresh, and over a connection
 * that it keeps; and twenty trivial steps added to that machine, beside the same commands over the kept connection.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { environment, goqemu, median, type Place } from './turns.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const run = promisify(execFile);

const labOf = (steps: number) => `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-exec' }, (lab) => {
  const web = lab.vm('web', { memory: '1 GiB', cpus: 2 }).run('first', 'true');
  for (let i = 0; i < ${steps}; i++) web.run(\`step-\${i}\`, \`echo \${i} > /root/step-\${i}\`);
});
`;

export default async function exec(report: BenchReport, { quick }: { readonly quick: boolean }) {
  await mkdir(join(cache, 'e2e/home/img'), { recursive: true });
  const cwd = await mkdtemp(join(cache, 'bench-'));
  const place: Place = { cwd, home: join(cwd, 'home') };
  const own = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    run(process.execPath, [goqemu, ...words], { cwd, env: { ...environment(place), ...env } });
  await mkdir(place.home);
  if (!existsSync(join(place.home, 'img'))) await symlink(join(cache, 'e2e/home/img'), join(place.home, 'img'));
  await writeFile(join(cwd, 'lab.ts'), labOf(0));
  try {
    await own(['apply', '--yes']);
    const { stdout: config } = await own(['ssh-config']);
    await writeFile(join(cwd, 'ssh'), config);
    const host = /^Host (\S+)/m.exec(config)?.[1] ?? 'none';
    const control = ['-F', join(cwd, 'ssh'), '-S', join(cwd, 'control')];
    await run('ssh', [...control, '-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', '-fN', host]);
    const kept = (...words: string[]) => run('ssh', [...control, host, ...words]);
    const times = await inTurns(quick ? 3 : 9, {
      own: () => own(['exec', 'web', '--', 'true']),
      ownBySsh: () => own(['exec', 'web', '--', 'true'], { GOQEMU_GUEST_WAY: 'ssh' }),
      fresh: () => run('ssh', ['-F', join(cwd, 'ssh'), '-S', 'none', host, 'true']),
      kept: () => kept('true'),
      node: () => run(process.execPath, ['-e', '0']),
    });
    const row = (name: string, value: number, baseline: number, aim?: string) =>
      report({ name, value, unit: 'ms', baseline, ...(aim ? { aim } : {}) });
    row('exec, against a fresh ssh', times.own, times.fresh, '≤ 0.15');
    row('exec, against a kept ssh', times.own, times.kept, '≤ 2');
    row('exec, against exec by SSH', times.own, times.ownBySsh);
    row('exec, against node -e 0', times.own, times.node);
    await writeFile(join(cwd, 'lab.ts'), labOf(20));
    const steps = await timed(() => own(['apply', '--yes']));
    const same = await timed(async () => {
      for (let i = 0; i < 20; i++) await kept(`echo ${i} | sudo tee /root/same-${i}`);
    });
    row('20 steps, against a kept ssh', steps, same, '≤ 2');
    await run('ssh', [...control, '-O', 'exit', host]);
  } finally {
    await own(['destroy', '--yes']);
    await rm(cwd, { recursive: true, force: true });
  }
}

/** In turns, so that what else the host does meets all alike: the median of each, in milliseconds. */
async function inTurns<Name extends string>(
  turns: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number>> {
  const taken = new Map<string, number[]>();
  for (let turn = -1; turn < turns; turn++)
    for (const [name, work] of Object.entries<() => Promise<unknown>>(works)) {
      const took = await timed(work);
      if (turn >= 0) taken.set(name, [...(taken.get(name) ?? []), took]);
    }
  return Object.fromEntries([...taken].map(([name, all]) => [name, median(all)])) as Record<Name, number>;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
