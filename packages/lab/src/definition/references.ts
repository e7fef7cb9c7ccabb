declare const stepsBefore: unique symbol;

/** A checkpoint of a machine, as `from` takes it: `base.at.installed`. */
export interface CheckpointReference<Step extends string = string> {
  readonly machine: string;
  readonly checkpoint: string;
  /**
   * To types alone: the steps that a machine which starts from it has, too. A method, whose parameter fits both ways: a
   * variable may hold a machine before and after it has got another step.
   */
  [stepsBefore]?(step: Step): void;
}

/** Anything that names a machine: the machine itself, or one of its checkpoints. */
export type MachineReference = { readonly name: string } | CheckpointReference;
