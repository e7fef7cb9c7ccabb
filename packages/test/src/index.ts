export type { AllowedChanges } from './changes/allowed-changes.ts';
export type { Baseline, BaselineOptions } from './changes/baseline-types.ts';
export {
  type Expectable,
  type Expectations,
  type ExpectationsOf,
  expect,
  type MatchersOf,
} from './expect/expect.ts';
export { ExpectationError, type ExpectationFacts } from './expect/expectation-error.ts';
export type { CommandMatchers } from './matchers/command.ts';
export type { FileMatchers } from './matchers/file.ts';
export type { HttpMatchers } from './matchers/http.ts';
export type { JournalMatchers } from './matchers/journal.ts';
export type { JournalMark } from './matchers/journal-mark.ts';
export type { MachineMatchers } from './matchers/machine.ts';
export type { MountMatchers } from './matchers/mount.ts';
export type { PackageMatchers } from './matchers/package.ts';
export type { PortMatchers, ReachOptions } from './matchers/port.ts';
export type { ProcessMatchers } from './matchers/process.ts';
export type { ImageRules, ScreenMatchers } from './matchers/screen.ts';
export type { ScreenTextMatchers } from './matchers/screen-text.ts';
export type { ServiceMatchers } from './matchers/service.ts';
export type { StepMatchers, StepSubject } from './matchers/step.ts';
export type { UnitMatchers } from './matchers/unit.ts';
export type { UserMatchers } from './matchers/user.ts';
export type { TextPattern } from './options/text-pattern.ts';
export type { WaitOptions } from './options/wait-options.ts';
export type { JournalProbes } from './probes/journal-probes.ts';
export type {
  CommandProbeOptions,
  HttpProbeOptions,
  JournalProbeOptions,
  MachineProbes,
  PortProbeOptions,
} from './probes/machine-probes.ts';
export type { Probe, ProbeKind } from './probes/probe.ts';
export { type ProbesOptions, probesOf } from './probes/probes-of.ts';
export type { ScreenProbes, ScreenText } from './probes/screen-probes.ts';
export type { TestedStep } from './probes/step-probe.ts';
export type { KeptPlace, RecordedEvent } from './record/test-record.ts';
export { baseTest, testOn } from './runner/extend-test.ts';
export { type ForeignTest, type GiveLab, labForRunner } from './runner/foreign-runner.ts';
export { labKey, type RunSettings, readRunSettings } from './runner/run-settings.ts';
export type { BaseFixtures, LabTest, Mark, RegisterTest, TestBody, TestOptions } from './runner/test-types.ts';
export type { AskedCut, Isolation, LabTracing, TestedLab, TestedLabSource } from './runner/tested-lab.ts';
export type { ScreenArea } from './screen/picture.ts';
export type { TestedScreen, TestedScreenOptions } from './screen/tested-screen.ts';
export type { TestedCommandOptions, TestedCommandResult, TestedGuest } from './tested-guest.ts';
