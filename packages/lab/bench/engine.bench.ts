import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { FakeBackend, FakeHost } from '@goqemu/testing';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { defineLab, type LabBuilder, type LabDefinition } from '../src/definition/define-lab.ts';
import { Engine } from '../src/engine/engine.ts';

/**
 * A plan with nothing to do, on the fake backend with its state in files, against `node -e 0` in the same run:
 * evaluation, allocation, state, keys and comparison, without the start of Node and the loading of modules, which
 * `bench -- cli` measures. The growth is the time for 1,000 machines against 50 times that for 20.
 */
export default async function engineBench(report: BenchReport, options: { quick: boolean }): Promise<void> {
  const node = medianOf(options.quick ? 3 : 9, () => {
    const began = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - began;
  });
  report({ name: 'node -e 0', value: round(node), unit: 'ms' });
  const times = new Map<number, number>();
  for (const machines of options.quick ? [1, 20, 200] : [1, 20, 200, 1000]) {
    const time = await emptyPlan(machines, 20, options.quick ? 3 : 7);
    times.set(machines, time);
    report({
      name: `empty plan, ${machines} machines of 20 steps`,
      value: round(time),
      unit: 'ms',
      baseline: round(node),
      ratio: round(time / node),
      ...(machines === 20 ? { aim: 'well below 5 × node -e 0, which the whole command may take' } : {}),
    });
  }
  const largest = Math.max(...times.keys());
  const growth =
    ((times.get(largest) ?? 0) - (times.get(1) ?? 0)) /
    ((((times.get(20) ?? 1) - (times.get(1) ?? 0)) / 19) * (largest - 1));
  report({
    name: `growth from 20 to ${largest} machines, against linear`,
    value: round(growth),
    unit: '×',
    aim: '≤ 1',
  });
}

async function emptyPlan(machines: number, steps: number, runs: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-bench-'));
  try {
    const host = new FakeHost();
    host.memory = Number.MAX_SAFE_INTEGER;
    const engine = () =>
      new Engine({
        backend: new FakeBackend({ host }),
        lab: 'bench',
        labFolder: folder,
        labFile: join(folder, 'lab.ts'),
        stateFolder: join(folder, 'state'),
        home: join(folder, 'home'),
        command: 'bench',
      });
    const definition = labOf(machines, steps);
    const first = engine();
    const applied = await first.apply(await first.plan(await first.evaluate(definition)), { parallel: 64 });
    if (applied.outcome !== 'done')
      throw new Error(`the bench’s lab was not applied: ${applied.errors[0]?.error.message}`);
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      const began = performance.now();
      const one = engine();
      const plan = await one.plan(await one.evaluate(definition));
      times.push(performance.now() - began);
      if (plan.operations.length > 0) throw new Error('the plan is not empty');
    }
    return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function labOf(machines: number, steps: number): LabDefinition {
  return defineLab({ name: 'bench' }, (lab: LabBuilder) => {
    for (let index = 1; index <= machines; index++) {
      const machine = lab.vm(`vm-${index}`, { memory: '512 MiB' });
      for (let step = 1; step <= steps; step++) machine.run(`step-${step}`, `echo ${index} ${step}`);
    }
  });
}

function medianOf(runs: number, measure: () => number): number {
  return Array.from({ length: runs }, measure).sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
