import { visible } from '@goqemu/core';
import type { Check } from '../matchers/check.ts';
import { type CommandMatchers, type CommandProbe, commandMatchers } from '../matchers/command.ts';
import { type FileMatchers, type FileProbe, fileMatchers } from '../matchers/file.ts';
import { type HttpMatchers, type HttpProbe, httpMatchers } from '../matchers/http.ts';
import { type JournalMatchers, type JournalProbe, journalMatchers } from '../matchers/journal.ts';
import { type MachineMatchers, machineMatchers } from '../matchers/machine.ts';
import { type MountMatchers, type MountProbe, mountMatchers } from '../matchers/mount.ts';
import { type PackageMatchers, type PackageProbe, packageMatchers } from '../matchers/package.ts';
import { type PortMatchers, type PortProbe, portMatchers } from '../matchers/port.ts';
import { type ProcessMatchers, type ProcessProbe, processMatchers } from '../matchers/process.ts';
import { type ScreenMatchers, type ScreenProbe, screenMatchers } from '../matchers/screen.ts';
import { type ScreenTextMatchers, type ScreenTextProbe, screenTextMatchers } from '../matchers/screen-text.ts';
import { type ServiceMatchers, type ServiceProbe, serviceMatchers } from '../matchers/service.ts';
import { type StepMatchers, type StepProbe, stepMatchers } from '../matchers/step.ts';
import { type UnitMatchers, type UnitProbe, unitMatchers } from '../matchers/unit.ts';
import { type UserMatchers, type UserProbe, userMatchers } from '../matchers/user.ts';
import { optionInvalid } from '../options/check-options.ts';
import { type MachineProbes, machineOf } from '../probes/machine-probes.ts';
import { isProbe, type Probe, type ProbedMachine, type ProbeKind } from '../probes/probe.ts';
import { argumentText } from '../record/argument-text.ts';
import { callerOf } from '../record/caller.ts';
import { runningTest } from '../record/running-test.ts';
import { settle } from './settle.ts';

/** The matchers of each kind of probe, and those of a machine. */
export interface MatchersOf {
  unit: UnitMatchers;
  port: PortMatchers;
  http: HttpMatchers;
  file: FileMatchers;
  process: ProcessMatchers;
  package: PackageMatchers;
  user: UserMatchers;
  journal: JournalMatchers;
  command: CommandMatchers;
  mount: MountMatchers;
  service: ServiceMatchers;
  step: StepMatchers;
  screen: ScreenMatchers;
  screenText: ScreenTextMatchers;
  machine: MachineMatchers;
}

/** Matchers, each with its contrary: `not` waits until it is not so. */
export type Expectations<Matchers> = Matchers & { readonly not: Matchers };

/** What {@link expect} takes: a probe of a machine, or a machine itself. */
export type Expectable = Probe | MachineProbes;

/** The matchers for what {@link expect} was given. */
export type ExpectationsOf<Subject extends Expectable> = Expectations<
  Subject extends Probe<infer Kind> ? MatchersOf[Kind] : MatchersOf['machine']
>;

const makers: { readonly [Kind in ProbeKind]: (probe: never, check: Check) => MatchersOf[Kind] } = {
  unit: (probe: UnitProbe, check) => unitMatchers(probe, check),
  port: (probe: PortProbe, check) => portMatchers(probe, check),
  http: (probe: HttpProbe, check) => httpMatchers(probe, check),
  file: (probe: FileProbe, check) => fileMatchers(probe, check),
  process: (probe: ProcessProbe, check) => processMatchers(probe, check),
  package: (probe: PackageProbe, check) => packageMatchers(probe, check),
  user: (probe: UserProbe, check) => userMatchers(probe, check),
  journal: (probe: JournalProbe, check) => journalMatchers(probe, check),
  command: (probe: CommandProbe, check) => commandMatchers(probe, check),
  mount: (probe: MountProbe, check) => mountMatchers(probe, check),
  service: (probe: ServiceProbe, check) => serviceMatchers(probe, check),
  step: (probe: StepProbe, check) => stepMatchers(probe, check),
  screen: (probe: ScreenProbe, check) => screenMatchers(probe, check),
  screenText: (probe: ScreenTextProbe, check) => screenTextMatchers(probe, check),
};

/**
 * What is expected of a machine: each matcher waits, and asks again, until it is so (10 s by default). Values that the test
 * has already are for `node:assert`.
 *
 * @throws GoqemuError `option-invalid` for anything else than a probe or a machine. Matchers reject with
 * {@link ExpectationError}; with `option-invalid`; with `expectation-unsupported` in a guest that lacks the programs for it;
 * and with what `exec` of the machine throws, `vm-not-running` for example
 * @example
 * await expect(web.unit('nginx')).toBeActive();
 * await expect(web.port(5432)).not.toBeReachableFrom(db, { timeout: '1 min' });
 */
export function expect<Subject extends Expectable>(subject: Subject): ExpectationsOf<Subject> {
  const machine = isProbe(subject) ? subject.machine : machineOf(subject);
  if (!machine) {
    const instead = 'the probe of a machine, such as web.unit("nginx"), or the machine; for values use node:assert';
    throw optionInvalid('expect()', 'subject', instead, subject);
  }
  const make = (check: Check) =>
    isProbe(subject) ? makers[subject.kind](subject as never, check) : machineMatchers(machine, check);
  const text = isProbe(subject) ? subject.text : machine.name;
  return {
    ...make(checkOf(machine, text, false)),
    not: make(checkOf(machine, text, true)),
  } as unknown as ExpectationsOf<Subject>;
}

function checkOf(machine: ProbedMachine, text: string, negated: boolean): Check {
  return function check(matcher, args, options, question) {
    const shown = args.map((value) => argumentText(value)).join(', ');
    const expectation = visible(`expect(${text})${negated ? '.not' : ''}.${matcher}(${shown})`);
    const at = callerOf(check);
    const actions = machine.actions ?? runningTest()?.actions;
    const action = { kind: 'expect' as const, title: expectation, machine: machine.name, caller: at };
    return actions ? actions.perform(action, run) : run();

    async function run(): Promise<void> {
      await settle({ machine, text: expectation, negated, options, at }, question(expectation, { at, negated }));
    }
  };
}
