import { z } from 'zod';
import { path } from './fields.ts';

const bios = z.strictObject({
  kind: z.literal('bios'),
  /** A firmware image instead of the machine type's own. */
  path: path.optional(),
});
const uefi = z.strictObject({
  kind: z.literal('uefi'),
  /** The firmware's code, raw and read-only. Default: searched in the installation's folders. */
  code: path.optional(),
  /**
   * The machine's own variables in qcow2, so that snapshots hold them; made from the installation's template when
   * the file is not there. Without it the variables are lost at power-off.
   */
  variables: path.optional(),
});

export const firmware = z
  .union([
    z.literal('bios').transform((kind) => ({ kind, path: undefined })),
    z.literal('uefi').transform((kind) => ({ kind, code: undefined, variables: undefined })),
    z.discriminatedUnion('kind', [bios, uefi]),
  ])
  .default({ kind: 'bios' });

/** Direct boot of a Linux kernel (QEMU's docs/system/linuxboot.rst). */
export const kernel = z
  .strictObject({ path, initrd: path.optional(), commandLine: z.string().default(''), dtb: path.optional() })
  .optional();

/** What is tried, in this order, for devices without a boot index of their own. */
export const boot = z
  .strictObject({
    order: z.array(z.enum(['disk', 'cdrom', 'network'])).default([]),
    /** Offers a menu and waits this long for a key, in milliseconds. */
    menuMs: z.number().int().min(0).optional(),
  })
  .default({ order: [] });
