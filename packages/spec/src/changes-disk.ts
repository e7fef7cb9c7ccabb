import type { StepKind } from './step.ts';

/** A step that only looks leaves nothing to cut a layer for, and nothing to take back when it fails. */
const stepsChangeDisk = {
  run: true,
  upload: true,
  file: true,
  waitFor: false,
} as const satisfies Record<StepKind, boolean>;

/** Whether a step may leave something on the disk. A link of a chain without a step, the machine itself, does. */
export function changesDisk(step: { readonly kind: StepKind } | undefined): boolean {
  return step === undefined || stepsChangeDisk[step.kind];
}
