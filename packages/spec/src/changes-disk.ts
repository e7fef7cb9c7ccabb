import { type StepKind, stepTraits } from './step.ts';

/** Whether a step may leave something on the disk. A link of a chain without a step, the machine itself, does. */
export function changesDisk(step: { readonly kind: StepKind } | undefined): boolean {
  return step === undefined || stepTraits[step.kind].changesDisk;
}
