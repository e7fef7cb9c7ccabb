declare const stepsBefore: unique symbol;

/** A checkpoint of a machine, as `from` takes it: `base.at.installed`. */
export interface CheckpointReference<Step extends string = string> {
  readonly machine: string;
  readonly checkpoint: string;
  /**
   * To types alone: the steps that a machine which starts from it has, too. A method, whose parameters are compared both ways,
   * so that a machine with more steps can stand where one with fewer was: `web = web.run(…)` in a loop.
   */
  [stepsBefore]?(step: Step): void;
}

/** Anything that names a machine: the machine itself, or one of its checkpoints. */
export type MachineReference = { readonly name: string } | CheckpointReference;
