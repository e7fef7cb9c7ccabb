import { fields, flag, list, number, oneOf, optional, type ShapeOf, text, timestamp, wholeNumber } from '@goqemu/core';
import type { StateForm } from '@goqemu/machine';

const fileFields = {
  /** Name within the layer's folder. */
  name: text(/^[a-z0-9.-]+$/),
  /** Bytes as the file claims, holes included. */
  size: wholeNumber(0),
  /** When it was last written, in milliseconds: RAM and device state that were touched later are damaged. */
  modified: optional(number),
  /** Absent for a file in the layer's folder. */
  store: optional(oneOf('memory')),
};
const fileShape = fields(fileFields);
export type LayerFile = ShapeOf<typeof fileShape>;

/** What has to be equal for RAM to be restored: the same devices, processors and memory, in the same QEMU. */
const compatibilityShape = fields({
  arch: text(),
  memory: wholeNumber(1),
  cpus: wholeNumber(1),
  accelerator: text(),
  machineType: text(),
  cpu: text(),
  qemu: text(),
  /** Digest of the argv without what may differ: names, paths, ports. */
  devices: text(),
});

/** manifest.json of a layer: written last, so that a folder without one is no layer. */
export const layerManifestShape = fields({
  version: oneOf(1),
  id: text(/^[0-9a-f]{12}$/),
  key: text(/^[0-9a-f]{64}$/),
  /** `[a, b]` of a named checkpoint; empty for a layer that only a plan knows. */
  descriptions: list(text()),
  createdAt: timestamp,
  /** Key of the layer below; absent where the disk stands on an image. */
  parent: optional(text()),
  /** The cut of several machines that it is a part of: without that one's own file it is no layer. */
  group: optional(text(/^[0-9a-f]{12}$/)),
  /** Lineages of the labs that use it. */
  owners: list(text()),
  /** Who the guest thinks it is: another machine made from this layer is told its own name. */
  identity: fields({
    instanceId: text(),
    /** The lab whose access key opens the guest, and the host key that the guest shows: public parts only. */
    lineage: text(),
    user: text(),
    hostKey: text(),
  }),
  /** Whether the guest's agent answered when the layer was cut. */
  agent: flag,
  /** A process of the guest that waits in the RAM for the time: its pid, and the agent's handle of what it reads. */
  standby: optional(fields({ pid: wholeNumber(0), handle: wholeNumber(0) })),
  disk: fields({
    ...fileFields,
    /** Names that lead to the same file, for the disks that stood on it before it was flattened. */
    formerly: optional(list(fileFields.name)),
  }),
  /** With `form`, RAM and devices are this one file, as QEMU wrote it; else it is the memory's pages, and nothing else. */
  ram: optional(fields({ ...fileFields, form: optional(oneOf('stream', 'mapped-ram')) })),
  /** The devices beside a RAM of pages. */
  state: optional(fileShape),
  compatibility: compatibilityShape,
});

export type LayerManifest = ShapeOf<typeof layerManifestShape>;
export type RamCompatibility = ShapeOf<typeof compatibilityShape>;

/** Where the RAM of a layer is. */
export interface RamFiles {
  /** What the state holds; with `devices` the RAM is beside it, else `ram` and `state` are one file. */
  readonly form: StateForm;
  readonly ram: string;
  readonly state: string;
}

/** The files that RAM is restored from, none missing; undefined for a layer that holds the disk only. */
export function ramParts({ ram, state }: LayerManifest): readonly LayerFile[] | undefined {
  if (!ram) return undefined;
  if (ram.form) return [ram];
  return state && [ram, state];
}

/** The first difference that keeps RAM from being restored, in words; undefined when there is none. */
export function ramDifference(layer: RamCompatibility, machine: RamCompatibility): string | undefined {
  for (const field of Object.keys(layer) as (keyof RamCompatibility)[]) {
    if (layer[field] !== machine[field]) {
      return field === 'devices' ? 'the devices differ' : `${field} was ${layer[field]} and is now ${machine[field]}`;
    }
  }
  return undefined;
}
