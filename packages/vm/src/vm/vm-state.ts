import { basename, dirname } from 'node:path';
import { type KeptTwice, parseJson, readTwice, writeTwice } from '@goqemu/core';
import type { MachineRecord } from '@goqemu/machine';
import * as z from 'zod/mini';

/**
 * What a machine's folder remembers about it: written before and after each change, so that a process that
 * was killed in between leaves enough to find its QEMU and its disk again.
 */
const vmStateSchema = z.object({
  version: z.literal(1),
  /** The machine's folder and that of its lab: the file of another machine is not this one's. Absent in files of before. */
  of: z.optional(z.string()),
  uuid: z.uuid(),
  /** Name of the disk file in the folder. */
  disk: z.string().check(z.regex(/^disk-\d+\.qcow2$/)),
  /** Name of the file with the UEFI variables, where they came from a layer. */
  variables: z.optional(z.string().check(z.regex(/^variables-\d+\.qcow2$/))),
  /** Key of the layer that the disk stands on; absent on an image. */
  layer: z.optional(z.string()),
  /** Absolute path of the image at the bottom. */
  image: z.optional(z.string()),
  /** A layer whose RAM the next start resumes from; absent once the guest has run. */
  resumeFrom: z.optional(z.string()),
  /** Whose identity the disk carries, by instance-id; the machine's own once it was given. */
  identity: z.optional(z.string()),
  /** The record of the QEMU process, as the machine layer writes it. */
  machine: z.optional(
    z.custom<MachineRecord>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  ),
  /** The file with the device state that a copy-on-write QEMU came from: without it, its RAM could not be saved. */
  baseState: z.optional(z.string()),
  /** Its RAM is in its folder; the RAM fits as long as the disk was last written to at this time (milliseconds since 1970). */
  suspended: z.optional(z.object({ diskModified: z.number() })),
  /** The image has no agent, and installing it has not been tried yet. */
  installAgent: z.optional(z.boolean()),
  /** The guest of the QEMU on record has become ready; absent while it boots, or when that was interrupted. */
  ready: z.optional(z.boolean()),
  /** Whether the guest's agent has answered since the last boot. */
  agent: z.optional(z.boolean()),
  /**
   * MAC address of the first card, where the machine has continued the RAM of another one: that one's. A card takes the
   * address of QEMU's options at each reset, and libslirp, whose leases come with the RAM, would give a guest with a new one
   * another IP address than the one that the ports are forwarded to. It stays at later boots, for cloud-init has written
   * it to the disk. Absent: the machine's own.
   */
  mac: z.optional(z.string()),
  /** What the guest knows of its lab's networks: addresses of its cards; absent when none was ever used. */
  cards: z.optional(z.string()),
});

export type VmState = z.infer<typeof vmStateSchema>;

/** Undefined when there is none, and when it is damaged and its copy too. */
export async function readVmState(path: string): Promise<VmState | undefined> {
  return readKeptVmState(path)?.value;
}

/** With what is wrong with the file. */
export function readKeptVmState(path: string): KeptTwice<VmState> | undefined {
  return readTwice(path, (text) => {
    const checked = vmStateSchema.safeParse(parseJson(text));
    if (!checked.success) return undefined;
    const { of } = checked.data;
    return of === undefined || of === ownerOf(path) ? checked.data : undefined;
  });
}

export async function writeVmState(path: string, state: VmState): Promise<void> {
  await writeTwice(path, `${JSON.stringify({ ...state, of: ownerOf(path) }, null, 2)}\n`, { mode: 0o600 });
}

/** Without what is above these two folders: goqemu's own folder may be moved. */
function ownerOf(path: string): string {
  const folder = dirname(path);
  return `${basename(dirname(folder))}/${basename(folder)}`;
}
