/** A checkpoint of a machine, as `from` takes it: `base.at.installed`. */
export interface CheckpointReference {
  readonly machine: string;
  readonly checkpoint: string;
}

/** Anything that names a machine: the machine itself, or one of its checkpoints. */
export type MachineReference = { readonly name: string } | CheckpointReference;
