import type { StateForm } from '@goqemu/machine';
import * as z from 'zod/mini';
import type { RamFact } from './ram-facts.ts';

const fileSchema = z.object({
  /** Name within the layer's folder. */
  name: z.string().check(z.regex(/^[a-z0-9.-]+$/)),
  /** Bytes as the file claims, holes included. */
  size: z.int().check(z.nonnegative()),
  /** When it was last written, in milliseconds: RAM and device state that were touched later are damaged. */
  modified: z.optional(z.number()),
  /** Absent for a file in the layer's folder. */
  store: z.optional(z.literal('memory')),
});
export type LayerFile = z.infer<typeof fileSchema>;

/** What has to be equal for RAM to be restored: the same devices, processors and memory, in the same QEMU. */
const compatibilitySchema = z.object({
  ...({
    arch: z.string(),
    memory: z.int().check(z.positive()),
    cpus: z.int().check(z.positive()),
    accelerator: z.string(),
  } satisfies Record<RamFact, z.ZodMiniType>),
  machineType: z.string(),
  cpu: z.string(),
  qemu: z.string(),
  /** Digest of goqemu's configuration of the devices: what there is in manifests without `arguments`. */
  devices: z.string(),
  /** QEMU's own arguments, without what may differ: names, paths, ports. */
  arguments: z.optional(z.array(z.string())),
});

/** manifest.json of a layer: written last, so that a folder without one is no layer. */
export const layerManifestSchema = z.object({
  version: z.literal(1),
  id: z.string().check(z.regex(/^[0-9a-f]{12}$/)),
  key: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** `[a, b]` of a named checkpoint; empty for a layer that only a plan knows. */
  descriptions: z.array(z.string()),
  createdAt: z.iso.datetime(),
  /** Key of the layer below; absent where the disk stands on an image. */
  parent: z.optional(z.string()),
  /** The cut of several machines that it is a part of: without that one's own file it is no layer. */
  group: z.optional(z.string().check(z.regex(/^[0-9a-f]{12}$/))),
  /** Lineages of the labs that use it. */
  owners: z.array(z.string()),
  /** Who the guest thinks it is: another machine made from this layer receives its own name. */
  identity: z.object({
    instanceId: z.string(),
    /** Absent in layers of earlier versions. */
    hostname: z.optional(z.string()),
    /** The lab whose access key opens the guest, and the host key that the guest shows: public parts only. */
    lineage: z.string(),
    user: z.string(),
    hostKey: z.string(),
    /** MAC address of the first card; absent in layers of earlier versions. */
    mac: z.optional(z.string()),
    /** As in the state of a machine; absent when none was ever used. */
    cards: z.optional(z.string()),
  }),
  /** Whether the guest's agent answered when the layer was cut. */
  agent: z.boolean(),
  /** Whether a process of the guest waits in the RAM, at the standby port, for the time. */
  standbyPort: z.optional(z.boolean()),
  disk: z.extend(fileSchema, {
    /** Names that point to the same file, for the disks that stood on it before it was flattened. */
    formerly: z.optional(z.array(fileSchema.shape.name)),
  }),
  /** The UEFI variables, whole, of a machine that has some. */
  variables: z.optional(fileSchema),
  /** With `form`, RAM and devices are this one file, as QEMU wrote it; else it is the memory's pages, and nothing else. */
  ram: z.optional(z.extend(fileSchema, { form: z.optional(z.enum(['stream', 'mapped-ram'])) })),
  /** The devices beside a RAM of pages. */
  state: z.optional(fileSchema),
  compatibility: compatibilitySchema,
});

export type LayerManifest = z.infer<typeof layerManifestSchema>;
export type RamCompatibility = z.infer<typeof compatibilitySchema>;

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
