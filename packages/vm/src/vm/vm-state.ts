import {
  anything,
  errorMessage,
  fields,
  flag,
  GoqemuError,
  oneOf,
  optional,
  readIfThere,
  ShapeMismatch,
  type ShapeOf,
  table,
  text,
  writeFileAtomic,
} from '@goqemu/core';

/**
 * What a machine's folder remembers about it: written before and after each change, so that a process that
 * was killed in between leaves enough to find its QEMU and its disk again.
 */
const vmStateShape = fields({
  version: oneOf(1),
  uuid: text(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
  /** Name of the disk file in the folder. */
  disk: text(/^disk-\d+\.qcow2$/),
  /** Key of the layer that the disk stands on; absent on an image. */
  layer: optional(text()),
  /** Absolute path of the image at the bottom. */
  image: optional(text()),
  /** A layer whose RAM the next start goes on from; absent once the guest has run. */
  resumeFrom: optional(text()),
  /** Whose identity the disk carries, by instance-id; the machine's own once it was given. */
  identity: optional(text()),
  /** The record of the QEMU process, as the machine layer writes it. */
  machine: optional(table(anything)),
  /** The file with the device state that a copy-on-write QEMU came from: without it, its RAM could not be saved. */
  baseState: optional(text()),
  /** The image has no agent, and installing it has not been tried yet. */
  installAgent: optional(flag),
  /** The guest of the QEMU on record has become ready; absent while it boots, or when that was cut off. */
  ready: optional(flag),
  /** Whether the guest's agent has answered since the last boot. */
  agent: optional(flag),
});

export type VmState = ShapeOf<typeof vmStateShape>;

/**
 * @returns undefined when there is none
 * @throws GoqemuError `vm-state-invalid`
 */
export async function readVmState(path: string): Promise<VmState | undefined> {
  const content = readIfThere(path);
  if (content === undefined) return undefined;
  try {
    return vmStateShape(JSON.parse(content));
  } catch (cause) {
    throw new GoqemuError({
      code: 'vm-state-invalid',
      source: 'environment',
      subject: path,
      message: `${path} does not describe a machine`,
      detail: cause instanceof ShapeMismatch ? `at ${cause.where}` : errorMessage(cause),
      hint: 'goqemu writes this file whole; restore it, or destroy the machine and apply again',
      cause,
    });
  }
}

export async function writeVmState(path: string, state: VmState): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}
