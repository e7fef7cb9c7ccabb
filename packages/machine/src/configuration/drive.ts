import { z } from 'zod';
import { id, path, port } from './fields.ts';

const file = z.strictObject({ kind: z.literal('file'), path });
const hostDevice = z.strictObject({ kind: z.literal('host-device'), path });
const nbd = z.strictObject({
  kind: z.literal('nbd'),
  /** A Unix socket, or a host and a port (10809 is the one that IANA gave to NBD). */
  server: z.union([z.strictObject({ path }), z.strictObject({ host: z.string().min(1), port: port.default(10809) })]),
  export: z.string().optional(),
});
const iscsi = z.strictObject({
  kind: z.literal('iscsi'),
  /** `host` or `host:port`. */
  portal: z.string().min(1),
  target: z.string().min(1),
  lun: z.number().int().min(0).default(0),
  user: z.string().optional(),
  /** Id of one of the machine's secrets. */
  passwordSecret: id.optional(),
});
const rbd = z.strictObject({
  kind: z.literal('rbd'),
  pool: z.string().min(1),
  image: z.string().min(1),
  namespace: z.string().optional(),
  user: z.string().optional(),
  configuration: path
    .refine((text) => !/[,;= \t\n]/.test(text), 'expected a path without blanks, commas, semicolons and equals signs')
    .optional(), // librados takes those for the end of one file name in a list (ceph::get_str_list)
  /** Id of one of the machine's secrets. */
  keySecret: id.optional(),
});

/** Where the bytes of a disk are; text is the path of a file. */
const driveSource = z
  .union([path, z.discriminatedUnion('kind', [file, hostDevice, nbd, iscsi, rbd])])
  .transform((source) => (typeof source === 'string' ? { kind: 'file' as const, path: source } : source));

/** Limits as in QEMU's docs/throttle.txt: per second, 0 or absent for none. */
const throttleLimits = z.strictObject({
  iopsTotal: z.number().int().min(0).optional(),
  iopsRead: z.number().int().min(0).optional(),
  iopsWrite: z.number().int().min(0).optional(),
  bytesTotal: z.number().int().min(0).optional(),
  bytesRead: z.number().int().min(0).optional(),
  bytesWrite: z.number().int().min(0).optional(),
});

const driveCaches = ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'] as const;

export const drive = z
  .strictObject({
    /** Id of the device and name of its top node. Default: `disk0`, `disk1`, … by position. */
    id: id.optional(),
    source: driveSource,
    format: z.enum(['qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'vpc', 'qed', 'luks']).default('qcow2'),
    interface: z.enum(['virtio', 'scsi', 'sata', 'nvme', 'usb']).default('virtio'),
    cache: z.enum(driveCaches).default('writeback'),
    aio: z.enum(['threads', 'native', 'io_uring']).optional(),
    /** `unmap` gives blocks that the guest trims back to the file. */
    discard: z.enum(['ignore', 'unmap']).default('unmap'),
    detectZeroes: z.enum(['off', 'on', 'unmap']).default('off'),
    readOnly: z.boolean().default(false),
    serial: z.string().max(20).optional(),
    bootIndex: z.number().int().min(0).optional(),
    /** Id of one of the machine's throttle groups. */
    throttleGroup: id.optional(),
    /** Id of one of the machine's secrets, for an encrypted image. */
    keySecret: id.optional(),
  })
  .refine((value) => value.aio !== 'native' || value.cache === 'none' || value.cache === 'directsync', {
    error:
      "aio 'native' needs cache 'none' or 'directsync' (QEMU: aio=native was specified, but it requires cache.direct=on)",
    path: ['aio'],
  });

/** A CD drive; without a path its tray is empty. */
export const cdrom = z.strictObject({
  id: id.optional(),
  path: path.optional(),
  interface: z.enum(['auto', 'sata', 'scsi', 'usb']).default('auto'),
  bootIndex: z.number().int().min(0).optional(),
});

export const throttleGroup = z.strictObject({ id, limits: throttleLimits });
/** Limits of a disk’s throughput. */
export type ThrottleLimits = z.output<typeof throttleLimits>;
