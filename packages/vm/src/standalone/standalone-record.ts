import { join } from 'node:path';
import { folderNames, GoqemuError, hasErrorCode, parseJson, readTwice, removeTwice, writeTwice } from '@goqemu/core';
import { accelerators, architectures, firmwares, type PortForward, timeoutNames } from '@goqemu/spec';
import * as z from 'zod/mini';
import type { VmHost } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { lineageOf, standaloneFolder } from './standalone-host.ts';

/** A way of a machine to the outside, as records have it. */
export const hostNetworkSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user') }),
  z.object({ kind: z.literal('passt'), program: z.string() }),
  z.object({ kind: z.literal('bridge'), bridge: z.string(), helper: z.string() }),
  z.object({ kind: z.literal('vmnet'), interface: z.string() }),
]);

const recordSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  /** No user chose the name, so none can ask for it: the VM goes with the object that made it. */
  temporary: z.boolean(),
  /** What was asked for, as far as the specification does not say it. */
  image: z.string(),
  snapshots: z.enum(['disk', 'memory']),
  networkWish: z.enum(['auto', 'host', 'user']),
  networkReason: z.string(),
  forward: z.record(
    z.string(),
    z.object({ guest: z.int(), host: z.optional(z.int()), protocol: z.exactOptional(z.literal('udp')) }),
  ),
  spec: z.object({
    name: z.string(),
    arch: z.enum(architectures),
    firmware: z.enum(firmwares),
    accelerator: z.enum(accelerators),
    memory: z.int(),
    cpus: z.int(),
    disk: z.int(),
    display: z._default(z.boolean(), false), // made by an earlier version, it has none
    user: z.string(),
    identity: z.object({
      hostname: z.string(),
      instanceId: z.string(),
      mac: z.string(),
      machineId: z.string(),
      sshPort: z.int(),
    }),
    forwards: z.record(
      z.string(),
      z.object({
        protocol: z.exactOptional(z.literal('udp')),
        host: z.int(),
        guest: z.int(),
        manual: z.exactOptional(z.literal(true)),
      } satisfies Record<keyof PortForward, z.ZodMiniType>),
    ),
    network: hostNetworkSchema,
    wayOut: z.exactOptional(z.literal('none')), // of machines of labs
    // Made by an earlier version, it has none.
    timeouts: z._default(z.partialRecord(z.enum(timeoutNames), z.number()), {}),
  } satisfies Record<keyof VmSpec, z.ZodMiniType>),
});

/** What a VM is; it stands beside the VM's folder, is written before that is made and removed after it has gone. */
export type StandaloneRecord = z.infer<typeof recordSchema>;

export function recordPath(host: VmHost, name: string): string {
  return join(standaloneFolder(host), `${name}.json`);
}

export function lockPath(host: VmHost, name: string): string {
  return join(standaloneFolder(host), `${name}.lock`);
}

/**
 * @returns undefined when there is no VM of this name
 * @throws GoqemuError `vm-record-invalid`
 */
export async function readRecord(host: VmHost, name: string): Promise<StandaloneRecord | undefined> {
  const path = recordPath(host, name);
  const kept = readTwice(path, (text) => {
    const parsed = recordSchema.safeParse(parseJson(text));
    return parsed.success && parsed.data.name === name ? parsed.data : undefined;
  });
  if (!kept || kept.value) return kept?.value;
  throw new GoqemuError({
    code: 'vm-record-invalid',
    source: 'environment',
    subject: name,
    message: `${path} does not describe a VM`,
    ...(kept.damage ? { detail: kept.damage } : {}),
    hint: 'put the file or its copy back, or remove both together with the folder beside them',
  });
}

/** For looking at all VMs: one whose record is broken is in the way of itself only. */
export function unreadable(error: unknown): undefined {
  if (!hasErrorCode(error, 'vm-record-invalid')) throw error;
}

export async function writeRecord(host: VmHost, record: StandaloneRecord): Promise<void> {
  await writeTwice(recordPath(host, record.name), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

export async function removeRecord(host: VmHost, name: string): Promise<void> {
  await removeTwice(recordPath(host, name));
}

/** Every VM without a lab on this host. */
export async function standaloneNames(host: VmHost): Promise<readonly string[]> {
  const names = await folderNames(standaloneFolder(host));
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** To whom their snapshots and keys belong. */
export async function standaloneLineages(host: VmHost): Promise<readonly string[]> {
  return (await standaloneNames(host)).map(lineageOf);
}
