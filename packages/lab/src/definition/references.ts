declare const stepsBefore: unique symbol;

/** A checkpoint of a machine, as `from` takes it: `base.at.installed`. */
export interface CheckpointReference<Step extends string = string> {
  readonly machine: string;
  readonly checkpoint: string;
  /** To types alone: the steps that a machine which starts from it has, too. */
  readonly [stepsBefore]?: Step;
}

/** Anything that names a machine: the machine itself, or one of its checkpoints. */
export type MachineReference = { readonly name: string } | CheckpointReference;
