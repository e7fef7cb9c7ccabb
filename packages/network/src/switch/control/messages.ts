import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { PortCounters } from '../bridge/counters.ts';
import type { Refusal } from '../internet/refusal-log.ts';
import { switchConfiguration } from './configuration.ts';
import { faultSettings } from './fault-settings.ts';

/** Goes up when a message means something else than before. */
export const protocolVersion = 1;

const place = { machine: z.string(), card: z.string().optional() };

const captureFields = {
  /** A network: each frame once, where it enters. */
  network: z.string().optional(),
  /** A machine, or one of its cards: both directions. */
  machine: z.string().optional(),
  card: z.string().optional(),
  snapLength: z.number().int().min(64).max(262_144).default(262_144),
  /** @default 1 GiB */
  maxBytes: z
    .number()
    .int()
    .min(65_536)
    .max(2 ** 40)
    .default(2 ** 30),
};
const absolutePath = z.string().refine((path) => isAbsolute(path), 'expected an absolute path');

const oneOfBoth = (request: { network?: string | undefined; machine?: string | undefined }) =>
  (request.network === undefined) !== (request.machine === undefined);
const whichOne = 'expected a network or a machine';

const captureRequest = z.strictObject({ ...captureFields, file: absolutePath.optional() });
export type CaptureRequest = z.output<typeof captureRequest>;
export type CaptureRequestInput = z.input<typeof captureRequest>;

const id = z.union([z.number(), z.string()]).optional();
const message = <Command extends string, Fields extends z.core.$ZodLooseShape>(command: Command, fields: Fields) =>
  z.strictObject({ id, command: z.literal(command), ...fields });

/** A line that a client sends. */
export const requestMessage = z.discriminatedUnion('command', [
  message('identity', {}),
  /** Replaces the whole configuration; what stays the same is not disturbed. */
  message('configure', { configuration: switchConfiguration }),
  /** Replaces all faults that were set before. */
  message('faults', { faults: faultSettings }),
  message('status', {}),
  message('counters', {}),
  /** Drops what is under way to and from a machine, and forgets where its stations are. */
  message('flush', place),
  /** These machines reach their gateways alone, as long as the connection is open. */
  message('hold', { machines: z.array(z.string()).min(1).max(1024) }),
  /** Tells the other machines where this one is. */
  message('announce', place),
  /** Dials at once every card that is not connected. */
  message('dial', {}),
  message('capture-start', { ...captureFields, file: absolutePath }).refine(oneOfBoth, whichOne),
  /** After the answer the connection carries the capture, until either side closes it. */
  message('capture-stream', captureFields).refine(oneOfBoth, whichOne),
  message('capture-stop', { capture: z.number().int() }),
  message('captures', {}),
  message('shutdown', {}),
]);
export type RequestMessage = z.output<typeof requestMessage>;
export type RequestInput = z.input<typeof requestMessage>;

/** The first line that a client gets, and the answer to `identity`. */
export interface SwitchIdentity {
  readonly protocol: number;
  readonly uuid: string;
  readonly pid: number;
}

export interface PortStatus {
  readonly port: string;
  readonly network: string;
  /** Whether a QEMU is connected. */
  readonly isConnected: boolean;
  /** Bytes that wait for it, and the memory that they are in. */
  readonly waiting: { readonly bytes: number; readonly memory: number };
}

export interface SwitchStatus {
  readonly identity: SwitchIdentity;
  readonly networks: readonly {
    readonly name: string;
    readonly stations: number;
    /** What machines were refused that go to allowed places alone, the newest first. */
    readonly refusals: readonly Refusal[];
  }[];
  readonly ports: readonly PortStatus[];
  readonly configuration: z.output<typeof switchConfiguration>;
  /** Those that were set while it runs. */
  readonly faults: z.output<typeof faultSettings>;
}

/** By `machine:card`, and by `network:gateway` for the gateways. */
export type SwitchCounters = Readonly<Record<string, PortCounters>>;
