import { z } from 'zod';
import { id, path, port } from './fields.ts';

/** The host's side of a character device. */
const backend = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path }),
  z.strictObject({
    kind: z.literal('socket'),
    address: z.union([z.strictObject({ path }), z.strictObject({ host: z.string().min(1), port })]),
    server: z.boolean().default(true),
    /** Also writes what the guest sends to this file. */
    log: path.optional(),
  }),
  z.strictObject({ kind: z.literal('pty') }),
  z.strictObject({ kind: z.literal('null') }),
]);
export const chardev = z.strictObject({ id, backend });
export type ChardevConfig = z.output<typeof chardev>;

/** A port that the guest sees as /dev/virtio-ports/NAME, joined to one of the machine's chardevs. */
export const virtioPort = z.strictObject({ name: z.string().min(1).max(63), chardev: id });

export const usb = z
  .strictObject({
    controller: z.enum(['xhci', 'ehci', 'uhci']).default('xhci'),
    devices: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.enum(['tablet', 'mouse', 'keyboard']) }),
          /** A device of the host, by vendor and product, 16 bits each. */
          z.strictObject({
            kind: z.literal('host'),
            vendor: z.number().int().min(0).max(0xffff),
            product: z.number().int().min(0).max(0xffff),
          }),
        ]),
      )
      .default([]),
  })
  .optional();

const tpmModel = z.enum(['tpm-tis', 'tpm-crb', 'tpm-spapr', 'tpm-tis-device']).optional();

/** A TPM 2.0 in software (swtpm). */
export const tpm = z
  .union([
    /** The folder that the TPM's state is kept in; goqemu starts swtpm, which ends with the machine. */
    z.strictObject({ state: path, model: tpmModel }),
    /** The control socket of an swtpm that was started elsewhere. */
    z.strictObject({ socket: path, model: tpmModel }),
  ])
  .optional();

export const rtc = z
  .strictObject({
    base: z
      .union([
        z.enum(['utc', 'localtime']),
        z.iso.datetime({ local: true, error: "expected 'utc', 'localtime' or a time such as 2026-01-31T12:00:00" }),
      ])
      .default('utc'),
    clock: z.enum(['host', 'rt', 'vm']).default('host'),
    driftFix: z.enum(['none', 'slew']).optional(),
  })
  .default({ base: 'utc', clock: 'host' });

/** The secret's value is the content of a file, so that it never enters the process list. */
export const secret = z.strictObject({ id, path, format: z.enum(['raw', 'base64']).default('raw') });
