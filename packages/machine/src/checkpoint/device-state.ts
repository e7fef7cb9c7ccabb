import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GoqemuError, sleep, systemErrorCode, withDeadline } from '@goqemu/core';
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

/** In a machine's runtime folder; one transfer at a time, by the holder of the control monitor. */
const socketName = 'm';

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
  const socketPath = join(options.socketFolder, socketName);
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
    } catch (error) {
      await cancel(monitor);
      throw error;
    } finally {
      server.close();
    }
  });
}

/**
 * Writes the devices of a stopped machine to a file, without any RAM: QEMU's QAPI reference, `xen-save-devices-state`,
 * which is in every build. The disks stay with this machine (`live` false).
 */
export async function saveDevices(monitor: Monitor, file: string, signal?: AbortSignal): Promise<void> {
  await withDeadline('saving the devices', 30_000, signal, (inner) =>
    monitor.executeUntyped('xen-save-devices-state', { filename: file, live: false }, { signal: inner }),
  );
}

/** A machine that is still sending cannot go on. One that has ended has no answer, and needs none. */
async function cancel(monitor: Monitor): Promise<void> {
  try {
    await withDeadline('cancelling the saving', 5_000, undefined, async (signal) => {
      await monitor.executeUntyped('migrate_cancel', {}, { signal });
      for (;;) {
        const { status } = (await monitor.executeUntyped('query-migrate', {}, { signal })) as MigrationInfo;
        if (status === undefined || ['none', 'completed', 'failed', 'cancelled'].includes(status)) return;
        await sleep(5, signal);
      }
    });
  } catch {
    // The error that led here is the one to tell.
  }
}

/**
 * Loads a device state into a machine that was started with `-incoming defer` and whose RAM is in place.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `timeout`
 */
export async function loadDeviceState(monitor: Monitor, file: string, options: DeviceStateOptions): Promise<void> {
  const socketPath = join(options.socketFolder, socketName);
  await withDeadline('loading the device state', options.timeoutMs ?? 30_000, options.signal, async (signal) => {
    await monitor.executeUntyped('migrate-set-capabilities', { capabilities }, { signal });
    await rm(socketPath, { force: true }); // of one who was killed
    await monitor.executeUntyped('migrate-incoming', { uri: `unix:${socketPath}` }, { signal });
    try {
      await send(file, socketPath, signal);
      await untilLoaded(monitor, signal);
    } finally {
      await rm(socketPath, { force: true }); // QEMU unlinks it itself on success
    }
  });
}

async function listen(server: Server, path: string): Promise<void> {
  await rm(path, { force: true }); // of one who was killed
  await new Promise<void>((resolve, reject) => {
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
  try {
    await pipeline(createReadStream(file), socket, { signal });
  } catch (error) {
    // QEMU closes its end with the last byte that it needs, at times before ours is closed. Whether it got them all is
    // for QEMU to say: one that did not ends, or stays in migration until the deadline.
    if (!['ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET'].includes(systemErrorCode(error) ?? '')) throw error;
  }
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
