import { createReadStream, createWriteStream } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GoqemuError, sleep, withDeadline } from '@goqemu/core';
import type { Monitor } from './monitor.ts';

/**
 * Device state travels through QEMU's migration stream while RAM stays in its shared file, as QEMU's
 * docs/system/vm-templating.rst describes: the capability `x-ignore-shared` leaves shared RAM blocks out.
 * The stream goes over a Unix socket of ours because `exec:` would need a child process, which
 * `-sandbox spawn=deny` answers with SIGSYS, and `file:` came with QEMU 8.2 only.
 */
const capabilities = [{ capability: 'x-ignore-shared', state: true }];

/** QEMU's default limit of 128 MiB/s would stretch the pause when RAM has to travel too. */
const bandwidth = 10_000_000_000;

export interface DeviceStateOptions {
  /** A 0700 folder with a short name, for the stream's socket. */
  readonly socketFolder: string;
  /** Milliseconds; 30,000 unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
}

/**
 * Writes the device state of a stopped machine to a file. Afterwards the machine is `postmigrate`; `cont` goes on.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `timeout`
 */
export async function saveDeviceState(monitor: Monitor, file: string, options: DeviceStateOptions): Promise<void> {
  const socketPath = join(options.socketFolder, `out-${process.pid}`);
  await withDeadline('saving the device state', options.timeoutMs ?? 30_000, options.signal, async (signal) => {
    await monitor.executeUntyped('migrate-set-capabilities', { capabilities }, { signal });
    await monitor.executeUntyped('migrate-set-parameters', { 'max-bandwidth': bandwidth }, { signal });
    const server = createServer();
    await listen(server, socketPath);
    try {
      const received = receive(server, file, signal);
      received.catch(() => undefined); // awaited below; QEMU's own reason comes first
      await monitor.executeUntyped('migrate', { uri: `unix:${socketPath}` }, { signal });
      await untilMigrated(monitor, signal);
      await received;
    } finally {
      server.close();
    }
  });
}

/**
 * Loads a device state into a machine that was started with `-incoming defer` and whose RAM is in place.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `timeout`
 */
export async function loadDeviceState(monitor: Monitor, file: string, options: DeviceStateOptions): Promise<void> {
  const socketPath = join(options.socketFolder, `in-${process.pid}`);
  await withDeadline('loading the device state', options.timeoutMs ?? 30_000, options.signal, async (signal) => {
    await monitor.executeUntyped('migrate-set-capabilities', { capabilities }, { signal });
    await monitor.executeUntyped('migrate-incoming', { uri: `unix:${socketPath}` }, { signal });
    try {
      await send(file, socketPath, signal);
      await untilLoaded(monitor, signal);
    } finally {
      await unlink(socketPath).catch(() => undefined); // QEMU unlinks it itself on success
    }
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

async function receive(server: Server, file: string, signal: AbortSignal): Promise<void> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    server.once('connection', resolve);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  await pipeline(socket, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal });
}

async function send(file: string, socketPath: string, signal: AbortSignal): Promise<void> {
  const handle = await open(file, 'r');
  await handle.close(); // a missing file is an error before QEMU is touched
  const socket = await new Promise<Socket>((resolve, reject) => {
    const candidate = connect(socketPath, () => resolve(candidate));
    candidate.once('error', reject);
  });
  socket.resume();
  await pipeline(createReadStream(file), socket, { signal });
}

async function untilMigrated(monitor: Monitor, signal: AbortSignal): Promise<void> {
  for (;;) {
    const info = (await monitor.executeUntyped('query-migrate', {}, { signal })) as MigrationInfo;
    if (info.status === 'completed') return;
    if (info.status === 'failed' || info.status === 'cancelled')
      throw stateError('saved', info['error-desc'] ?? info.status);
    await sleep(2, signal);
  }
}

async function untilLoaded(monitor: Monitor, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { status } = (await monitor.executeUntyped('query-status', {}, { signal })) as { status: string };
    if (status !== 'inmigrate') return;
    const info = (await monitor.executeUntyped('query-migrate', {}, { signal })) as MigrationInfo;
    if (info.status === 'failed') throw stateError('loaded', info['error-desc'] ?? 'QEMU gave no reason');
    await sleep(2, signal);
  }
}

function stateError(verb: string, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-state-failed',
    source: 'environment',
    message: `the device state could not be ${verb}`,
    detail: reason,
    hint: 'the disk of the checkpoint is complete: the machine can boot from it',
  });
}
