import { type Layer, type LayerStore, layerId } from '@goqemu/vm';
import { z } from 'zod';
import { readOptions } from '../../guest/invalid-option.ts';

/** A state of a VM to come back to. */
export interface Snapshot {
  /** Twelve hexadecimal digits. */
  readonly id: string;
  /** What was said when it was made, and the name of the VM. */
  readonly descriptions: readonly [string, string];
  /** ISO 8601. */
  readonly createdAt: string;
  /** The snapshot that it stands on; undefined for the first. */
  readonly parent: string | undefined;
  /** With `ram` the guest resumes where it was; without it, it boots. `uefi-variables` of a VM that has some. */
  readonly contents: readonly ('disk' | 'ram' | 'uefi-variables')[];
  /** Bytes that its own files take. */
  readonly bytes: number;
}

export async function describeSnapshot(store: LayerStore, { manifest, folder }: Layer): Promise<Snapshot> {
  return {
    id: manifest.id,
    descriptions: [manifest.descriptions[0] ?? '', manifest.descriptions[1] ?? ''],
    createdAt: manifest.createdAt,
    parent: manifest.parent === undefined ? undefined : layerId(manifest.parent),
    contents: [
      'disk',
      ...(manifest.ram ? ['ram' as const] : []),
      ...(manifest.variables ? ['uefi-variables' as const] : []),
    ],
    bytes: await store.bytes({ manifest, folder }),
  };
}

/**
 * @throws GoqemuError `option-invalid`
 */
export function checkDescription(description: string): string {
  const expected = 'expected a description of 1 to 200 characters';
  const text = z.string(expected).trim().min(1, expected).max(200, expected);
  return readOptions(z.strictObject({ description: text }), { description }, 'createSnapshot').description;
}
