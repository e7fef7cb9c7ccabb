import { randomBytes } from 'node:crypto';

import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { hasErrorCode, internalError, removeFile } from '@goqemu/core';
import { tlsId } from '../arguments/channel-arguments.ts';
import type { MachineSockets } from '../sockets/machine-sockets.ts';
import { readPreSharedKey } from '../sockets/tls-sockets.ts';
import { type Monitor, queryMigrate } from './monitor.ts';

/**
 * The way that a state takes between a QEMU and this process. A Unix socket, since `exec:` would need a child process,
 * which `-sandbox spawn=deny` answers with SIGSYS; where Node.js opens none, loopback TCP with the key of the machine's
 * monitors, since a state holds all that the guest has in memory, and a program that can send one owns the guest.
 */
export interface StateChannel {
  /** Waits for a QEMU that saves. */
  listen(monitor: Monitor, signal: AbortSignal): Promise<ListeningChannel>;
  /** Goes to a QEMU that loads, and has it listen before. */
  connect(monitor: Monitor, signal: AbortSignal): Promise<Duplex>;
  /** Removes what a load left. */
  close(): Promise<void>;
}

export interface ListeningChannel {
  /** As `migrate` takes it. */
  readonly uri: string;
  /** Resolves with the first connection. */
  readonly connection: Promise<Duplex>;
  close(): Promise<void>;
}

/** In a machine's runtime folder; one transfer at a time, by the holder of the control monitor. */
const socketName = 'm';

export function stateChannel(machine: {
  readonly runtimeFolder: string;
  readonly sockets: Pick<MachineSockets, 'control'>;
}): StateChannel {
  const { control } = machine.sockets;
  return control.kind === 'unix' ? unixChannel(join(machine.runtimeFolder, socketName)) : tlsChannel(control.keyFolder);
}

function unixChannel(path: string): StateChannel {
  return {
    async listen(_monitor, signal) {
      await removeFile(path); // of one who was killed
      const server = createServer();
      const connection = firstConnection(server, 'connection', signal);
      await listening(server, { path });
      return { uri: `unix:${path}`, connection, close: async () => void server.close() };
    },
    async connect(monitor, signal) {
      await removeFile(path); // of one who was killed
      await monitor.executeUntyped('migrate-incoming', { uri: `unix:${path}` }, { signal });
      return connected({ path });
    },
    close: () => removeFile(path), // QEMU unlinks it itself on success
  };
}

/** Node.js negotiates pre-shared keys of this kind in TLS 1.2 only. */
const tlsOptions = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } as const;

/** QEMU's docs/system/tls, “TLS Pre-Shared Keys”. */
function tlsChannel(keyFolder: string): StateChannel {
  const use = (monitor: Monitor, id: string) => monitor.executeUntyped('migrate-set-parameters', { 'tls-creds': id });
  return {
    async listen(monitor, signal) {
      const { key } = await readPreSharedKey(keyFolder);
      const { createServer: createTlsServer } = await import('node:tls'); // late: only hosts without Unix sockets need it
      const server = createTlsServer({ ...tlsOptions, pskCallback: () => Buffer.from(key) });
      const connection = firstConnection(server, 'secureConnection', signal);
      const { port } = await listening(server, { host: '127.0.0.1', port: 0 });
      const id = `state-tls-${randomBytes(4).toString('hex')}`; // one of a goqemu that was killed may be there
      const credentials = { 'qom-type': 'tls-creds-psk', id, endpoint: 'client', dir: keyFolder };
      await monitor.executeUntyped('object-add', credentials, { signal });
      await use(monitor, id);
      return {
        uri: `tcp:127.0.0.1:${port}`,
        connection,
        async close() {
          server.close();
          await settled(use(monitor, ''));
          await settled(monitor.executeUntyped('object-del', { id }));
        },
      };
    },
    async connect(monitor, signal) {
      const { key, identity } = await readPreSharedKey(keyFolder);
      const { connect: connectTls } = await import('node:tls');
      await use(monitor, tlsId);
      await monitor.executeUntyped('migrate-incoming', { uri: 'tcp:127.0.0.1:0' }, { signal });
      const [address] = (await queryMigrate(monitor, signal))['socket-address'] ?? [];
      if (!address?.port) throw internalError('QEMU does not say where it waits for a state');
      const socket = await connected({ host: '127.0.0.1', port: Number(address.port) });
      return await new Promise<Duplex>((resolve, reject) => {
        const tls = connectTls({
          ...tlsOptions,
          socket,
          pskCallback: () => ({ psk: Buffer.from(key), identity }),
          // The key proves who the peer is: there is no certificate whose name could be checked.
          checkServerIdentity: () => undefined,
        });
        tls.once('error', reject);
        tls.once('secureConnect', () => resolve(tls));
      });
    },
    close: async () => undefined,
  };
}

/** A QEMU that has ended has forgotten it all. */
async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!hasErrorCode(error, 'qmp-closed')) throw error;
  });
}

async function listening(server: Server, place: { path: string } | { host: string; port: number }) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, resolve);
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

function firstConnection(server: Server, event: string, signal: AbortSignal): Promise<Duplex> {
  const connection = new Promise<Duplex>((resolve, reject) => {
    server.once(event, resolve);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  connection.catch(() => undefined); // the listener may fail before anything awaits it
  return connection;
}

function connected(place: { path: string } | { host: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(place, () => resolve(socket));
    socket.once('error', reject);
  });
}
