import { machineOf } from '../probes/machine-probes.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import { probesOf } from '../probes/probes-of.ts';
import { stepProbe } from '../probes/step-probe.ts';
import { withProbes } from '../probes/with-probes.ts';
import type { ActionLog } from '../record/action-log.ts';
import { recorded } from '../record/recorded-calls.ts';
import { guarded } from './guard.ts';
import type { LabLease } from './lab-leases.ts';
import { testEnded } from './test-errors.ts';
import type { BaseFixtures, Mark } from './test-types.ts';
import type { TestedLab } from './tested-lab.ts';

/** A test of whichever runner, as it runs. */
export interface RunnerTest {
  /** As it is registered. */
  readonly title: string;
  /** Aborts when its runner no longer waits for it. */
  readonly cancelled: AbortSignal;
  /** Says something in its report. @param file what it is about */
  note(text: string, file?: string): void;
  /** What tests are given by this runner alone. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** One run of a test: what it marked, and whether it is over. */
export interface TestRun {
  readonly name: string;
  readonly test: RunnerTest;
  /** Absolute: its test file. */
  readonly file: string;
  /** Aborts when the test is over. */
  readonly signal: AbortSignal;
  readonly marks: Mark[];
  readonly actions: ActionLog;
  /** The machines that it has used, with what it asks of them. */
  readonly probed: Map<string, ProbedMachine>;
  readonly attach: BaseFixtures['attach'];
}

/** What a test without a lab is given. */
export function baseFixtures({ test, signal, marks, actions, attach }: TestRun): Omit<BaseFixtures, 't'> {
  return {
    ...test.own,
    signal,
    mark: async (name) =>
      actions.perform({ kind: 'mark', title: name }, () => {
        const mark = { name, at: new Date() };
        marks.push(mark);
        return mark;
      }),
    attach: (name, content) =>
      actions.perform({ kind: 'attach', title: name }, async () => {
        const path = await attach(name, content);
        test.note(`attachment: ${path}`, path);
        return path;
      }),
  };
}

/**
 * What a test on a lab is given besides: the lab, its networks, and each machine by its name. A machine that is called as
 * one of the others is `lab.machine(name)` alone.
 */
export function labFixtures(
  run: TestRun,
  fixture: string,
  { lab, machines, beginningOf }: LabLease,
): Record<string, unknown> {
  const check = (used: string) => () => {
    if (run.signal.aborted) throw testEnded(run.name, used);
  };
  const machine = onceEach((name) => {
    const own = guarded(lab.machine(name), check(`the machine ${name}`));
    const probes = probesOf(own, { name, signal: run.signal });
    const probed = machineOf(probes);
    if (probed) {
      probed.actions = run.actions;
      probed.test = { file: run.file, attach: run.attach };
      if (beginningOf) probed.baselines.atBeginning = () => beginningOf(name, run.signal);
      run.probed.set(name, probed);
    }
    // What matchers ask is theirs, and no action of the test.
    return withProbes(recorded(own, run.actions, { kind: 'machine', name }), probes);
  });
  const network = (name: string) =>
    recorded(guarded(lab.network(name), check(`the network ${name}`)), run.actions, { kind: 'network', name });
  const step = (name: string, step: string) => {
    const text = `${fixture}.step(${JSON.stringify(name)}, ${JSON.stringify(step)})`;
    const own = guarded(lab.step(name, step), check(`the step ${step}`));
    return stepProbe(recorded(own, run.actions, { kind: 'lab', name: text }), machine(name), text);
  };
  const wrap = (method: string, value: unknown) => {
    const { name } = value as { readonly name: string };
    if (method === 'step') return step((value as { readonly machine: string }).machine, name);
    return method === 'machine' ? machine(name) : method === 'network' ? network(name) : value;
  };
  return {
    ...Object.fromEntries(machines.map((name) => [name, machine(name)])),
    ...baseFixtures(run),
    net: byName(network),
    [fixture]: recorded(guarded<TestedLab>(lab, check('the lab'), wrap), run.actions, { kind: 'lab', name: fixture }, [
      'machine',
      'network',
      'step',
    ]),
  };
}

/** The same for a name each time: a machine has one last baseline, however the test came to it. */
function onceEach<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const found = made.get(name) ?? make(name);
    made.set(name, found);
    return found;
  };
}

/** An object whose every property is a network: their names need not be known. */
function byName(network: (name: string) => object): object {
  const once = onceEach(network);
  return new Proxy(
    {},
    {
      get: (_target, name) => {
        if (typeof name === 'symbol' || name === 'then') return undefined; // asked of whatever is awaited
        return once(name);
      },
    },
  );
}
