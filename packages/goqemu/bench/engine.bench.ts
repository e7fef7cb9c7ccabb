import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { defineLab, Engine, type LabBuilder, type LabDefinition } from '@goqemu/lab';
import { FakeBackend, FakeHost } from '@goqemu/testing';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { whatLoads } from '../../../scripts/run/loaded-files.ts';
import type { NodeVersion } from '../../../scripts/run/node-versions.ts';
import { benchNodes } from './nodes.ts';
import { peakMebibytes } from './peak-memory.ts';
import { BenchLab } from './running-lab.ts';
import { environment, goqemu, median, mediansInTurns, milliseconds, type Place } from './turns.ts';

/** Of the real lab that is planned. */
const machines = 20;
const nothing = ['-e', '0'];
const apply = [goqemu, 'apply', '--yes'];

/**
 * A plan with nothing to do against `node -e 0` in the same run: the whole command on a real lab of running machines, with
 * what it loads and who wanted that; the most memory that the process has at a time; and, to see how it grows, the engine by itself on the fake backend with its state in
 * files (evaluation, allocation, state, keys and comparison).
 */
export default async function engineBench(report: BenchReport, { quick }: { quick: boolean }): Promise<void> {
  await realLab(report, quick ? 5 : 15);
  await growth(report, quick);
}

async function realLab(report: BenchReport, turns: number): Promise<void> {
  await using lab = await BenchLab.apply(machines);
  const { place } = lab;
  for (const node of await benchNodes()) {
    timeRows(report, place, { node, turns });
    memoryRows(report, place, { node, turns });
  }
  showLoaded(report, whatLoads([goqemu, 'plan'], { cwd: place.cwd, env: environment(place) }));
}

interface Runs {
  readonly node: NodeVersion;
  readonly turns: number;
}

function timeRows(report: BenchReport, place: Place, { node: { version, path }, turns }: Runs): void {
  const commands = { nothing, plan: [goqemu, 'plan'], status: [goqemu, 'status'], apply };
  const took = mediansInTurns(commands, { node: path, place, turns, cost: milliseconds });
  const row = (name: string, value: number, aim?: string) =>
    report({ name: `${name} (Node ${version})`, value, unit: 'ms', baseline: took.nothing, ...(aim ? { aim } : {}) });
  const idle = `${machines} running machines, nothing to do`;
  report({ name: `node -e 0 (Node ${version})`, value: took.nothing, unit: 'ms' });
  row(`goqemu plan, ${idle}`, took.plan, version.startsWith('v20.') ? '≤ 3 ×' : '≤ 2.5 ×');
  row(`goqemu status, ${idle}`, took.status);
  row(`goqemu apply, ${idle}`, took.apply);
}

function memoryRows(report: BenchReport, place: Place, { node: { version, path }, turns }: Runs): void {
  const commands = { nothing, plan: [goqemu, 'plan'], apply, exec: [goqemu, 'exec', 'm-0', '--', 'true'] };
  const took = mediansInTurns(commands, { node: path, place, turns, cost: peakMebibytes });
  const row = (name: string, value: number, aim: string) => {
    const title = `peak memory of goqemu ${name}, to node -e 0 (Node ${version})`;
    report({ name: title, value, unit: 'MiB', baseline: took.nothing, aim });
  };
  row('plan', took.plan, '≤ 1.2 ×');
  row('apply', took.apply, '≤ 1.6 ×');
  row('exec', took.exec, '≤ 1.3 ×');
}

/** What that plan loaded, and who wanted it. */
function showLoaded(report: BenchReport, { files, modules }: ReturnType<typeof whatLoads>): void {
  for (const { path, bytes, wantedBy, parts } of files) {
    report({ name: `loaded: ${path}${wantedBy ? `, for ${wantedBy}` : ''}`, value: bytes / 1024, unit: 'KiB' });
    if (parts.length < 3) continue;
    for (const part of parts) report({ name: `  of ${part.name}`, value: part.bytes / 1024, unit: 'KiB' });
  }
  for (const { name, wantedBy } of modules) {
    const [first, ...others] = wantedBy;
    const who = first
      ? `${first}${others.length > 0 ? ` and ${others.length} more` : ''}`
      : 'another module of Node.js';
    report({ name: `loaded: node:${name}, for ${who}`, value: wantedBy.length, unit: 'files' });
  }
}

/** The growth is the time for 1,000 machines against 50 times that for 20. */
async function growth(report: BenchReport, quick: boolean): Promise<void> {
  const title = 'a plan with nothing to do: the engine alone';
  const times = new Map<number, number>();
  for (const count of quick ? [1, 20, 200] : [1, 20, 200, 1000]) {
    const time = await emptyPlan(count, 20, quick ? 3 : 7);
    times.set(count, time);
    const plot = { title, against: 'machines of 20 steps', at: count };
    report({
      name: `the engine alone: empty plan, ${count} machines of 20 steps`,
      value: round(time),
      unit: 'ms',
      plot,
    });
  }
  const largest = Math.max(...times.keys());
  const grown =
    ((times.get(largest) ?? 0) - (times.get(1) ?? 0)) /
    ((((times.get(20) ?? 1) - (times.get(1) ?? 0)) / 19) * (largest - 1));
  report({
    name: `growth from 20 to ${largest} machines, against linear`,
    value: round(grown),
    unit: '×',
    aim: '≤ 1',
  });
  for (const steps of quick ? [1, 100] : [1, 100, 300, 1000]) {
    const value = round(await emptyPlan(1, steps, quick ? 3 : 7));
    const plot = { title, against: 'steps of one machine', at: steps };
    report({ name: `the engine alone: empty plan, one machine of ${steps} steps`, value, unit: 'ms', plot });
  }
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
    return median(times);
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

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
