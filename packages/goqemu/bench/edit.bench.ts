/**
 * The edit loop of a Debian 12 with ten steps: a step is edited so that it fails, five times, and then so that it works.
 * Against a restore of the same machine.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { openLab } from '../src/index.ts';
import { withBenchHome } from './bench-home.ts';
import { median } from './turns.ts';

const steps = 10;
const tries = 5;
const ms = { unit: 'ms' } as const;

/** @param edited number of the step that is not as it was */
function source(edited?: number, text = ''): string {
  const calls = Array.from({ length: steps }, (_, n) => {
    const script = n === edited ? text : `echo ${n} >> /root/done`;
    return `.run('s${n}', ${JSON.stringify(script)})`;
  });
  return `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-edit' }, (lab) => {
  lab.vm('web', { memory: '512 MiB', cpus: 1 }).checkpoint('ready')${calls.join('')};
});
`;
}

export default async function edit(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  await withBenchHome(async (home) => {
    const file = join(home, 'lab/lab.ts');
    const apply = async (edited?: number, text?: string, fails = false) => {
      await writeFile(file, source(edited, text));
      await using lab = await openLab(join(home, 'lab'));
      return timed(async () => {
        const failed = await lab.apply().then(
          () => false,
          () => true,
        );
        if (failed !== fails) throw new Error(`the edit of step ${edited} ${failed ? 'failed' : 'did not fail'}`);
      });
    };
    const boot = await apply();
    try {
      for (const edited of quick ? [7] : [9, 7, 4, 0]) {
        await apply(); // as it was: the layers of all steps are there
        const taken: number[] = [];
        for (let turn = 0; turn < tries; turn++) taken.push(await apply(edited, `echo ${turn}; exit 1`, true));
        const [first = Number.NaN, ...further] = taken;
        const restores: number[] = [];
        await using lab = await openLab(join(home, 'lab'));
        for (let turn = 0; turn < tries; turn++) restores.push(await timed(() => lab.restore('ready')));
        const name = `step ${edited + 1} of ${steps} edited, fails`;
        const restore = median(restores);
        report({ name: `${name}: the first try, to an apply of the whole lab`, ...ms, value: first, baseline: boot });
        report({
          name: `${name}: a further try, to a restore`,
          ...ms,
          value: median(further),
          baseline: restore,
          aim: '≤ 3 ×',
        });
      }
    } finally {
      await using lab = await openLab(join(home, 'lab'));
      await lab.destroy();
    }
  });
}
