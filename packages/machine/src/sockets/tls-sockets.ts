import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, writeOwnFile } from '@goqemu/core';
import type { LoopbackPorts } from './loopback-ports.ts';
import type { MachineSockets, SocketEndpoint, WantedSockets } from './machine-sockets.ts';

/** The user in QEMU's `keys.psk` (docs/system/tls, “TLS Pre-Shared Keys”). */
const identity = 'qemu';

/**
 * Loopback ports and a key for a machine on a host where Node opens no Unix sockets. Anybody on the host can reach a
 * port, so each carries TLS with a key that only the machine's owner can read.
 */
export async function tlsSockets(folder: string, wanted: WantedSockets, ports: LoopbackPorts): Promise<MachineSockets> {
  const line = `${identity}:${randomBytes(32).toString('hex')}\n`;
  await writeOwnFile(join(folder, 'keys.psk'), line, { mode: 0o600 });
  const names = [
    'control',
    'readers',
    'tools',
    ...(wanted.agent ? ['agent'] : []),
    ...(wanted.standby ? ['standby'] : []),
    ...(wanted.console ? ['console'] : []),
  ];
  const chosen = await ports.take(names.length);
  const endpoints = names.map((name, index): [string, SocketEndpoint] => [
    name,
    { kind: 'tls-psk', host: '127.0.0.1', port: chosen[index] ?? 0, keyFolder: folder },
  ]);
  return Object.fromEntries(endpoints) as unknown as MachineSockets;
}

/** @throws GoqemuError `key-unreadable` */
export async function readPreSharedKey(keyFolder: string): Promise<{ identity: string; key: Uint8Array }> {
  const path = join(keyFolder, 'keys.psk');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new GoqemuError({
      code: 'key-unreadable',
      source: 'environment',
      subject: path,
      message: `the key of the machine's sockets cannot be read: ${path}`,
      hint: 'run as the user who started the machine',
      cause,
    });
  });
  const [user = identity, hex = ''] = text.trim().split(':');
  return { identity: user, key: Buffer.from(hex, 'hex') };
}
