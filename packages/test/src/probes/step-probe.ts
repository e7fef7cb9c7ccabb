import type { StepSubject } from '../matchers/step.ts';
import { type MachineProbes, machineOf } from './machine-probes.ts';
import { type Probe, type ProbedMachine, probeBrand } from './probe.ts';

/** A step of a lab in a test: it can be run again, and `expect` takes it. */
export type TestedStep<Step extends StepSubject> = Pick<Step, 'run'> & Probe<'step'>;

/** @param text as a test writes it: `lab.step("web", "nginx")` */
export function stepProbe<Step extends StepSubject>(step: Step, probes: MachineProbes, text: string): TestedStep<Step> {
  const machine = machineOf(probes) as ProbedMachine;
  const run = step.run.bind(step) as Step['run'];
  return Object.assign({ kind: 'step' as const, text, run }, { machine, subject: step, [probeBrand]: true as const });
}
