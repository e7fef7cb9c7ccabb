import { readFile } from 'node:fs/promises';
import { GoqemuError, systemErrorCode, writeFileAtomic } from '@goqemu/core';
import { z } from 'zod';

/**
 * What a machine's folder remembers about it: written before and after each change, so that a process that
 * was killed in between leaves enough to find its QEMU and its disk again.
 */
const vmStateSchema = z.object({
  version: z.literal(1),
  uuid: z.uuid(),
  /** Name of the disk file in the folder. */
  disk: z.string().regex(/^disk-\d+\.qcow2$/),
  /** Name of the file with the UEFI variables, where they came from a layer. */
  variables: z
    .string()
    .regex(/^variables-\d+\.qcow2$/)
    .optional(),
  /** Key of the layer that the disk stands on; absent on an image. */
  layer: z.string().optional(),
  /** Absolute path of the image at the bottom. */
  image: z.string().optional(),
  /** A layer whose RAM the next start goes on from; absent once the guest has run. */
  resumeFrom: z.string().optional(),
  /** Whose identity the disk carries, by instance-id; the machine's own once it was given. */
  identity: z.string().optional(),
  /** The record of the QEMU process, as the machine layer writes it. */
  machine: z.record(z.string(), z.unknown()).optional(),
  /** The file with the device state that a copy-on-write QEMU came from: without it, its RAM could not be saved. */
  baseState: z.string().optional(),
  /** The image has no agent, and installing it has not been tried yet. */
  installAgent: z.boolean().optional(),
  /** The guest of the QEMU on record has become ready; absent while it boots, or when that was cut off. */
  ready: z.boolean().optional(),
  /** Whether the guest's agent has answered since the last boot. */
  agent: z.boolean().optional(),
});

export type VmState = z.infer<typeof vmStateSchema>;

/**
 * @returns undefined when there is none
 * @throws GoqemuError `vm-state-invalid`
 */
export async function readVmState(path: string): Promise<VmState | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return vmStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GoqemuError({
      code: 'vm-state-invalid',
      source: 'environment',
      subject: path,
      message: `${path} does not describe a machine`,
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'goqemu writes this file whole; restore it, or destroy the machine and apply again',
      cause,
    });
  }
}

export async function writeVmState(path: string, state: VmState): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}
