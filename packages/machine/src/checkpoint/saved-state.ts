import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { GoqemuError, sleep, systemErrorCode, withDeadline } from '@goqemu/core';
import { type Monitor, queryMigrate } from './monitor.ts';
import { noRoom } from './no-room.ts';
import type { StateChannel } from './state-channel.ts';
import { chooseForm, expectForm, type StateForm } from './state-form.ts';

/** QEMU's default limit of 128 MiB/s would stretch the pause when RAM has to travel too. */
const bandwidth = 10_000_000_000;

export interface SavedStateOptions {
  /** What the state holds. @default 'devices' */
  readonly form?: StateForm;
  readonly channel: StateChannel;
  /** Milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Milliseconds in which a state that holds RAM must be saved or loaded: 50 MiB in each second, and a minute. */
export function wholeStateTimeoutMs(memory: number): number {
  return 60_000 + (memory / 2 ** 20) * 20;
}

/**
 * Writes the state of a stopped machine to a new file. Afterwards the machine is `postmigrate`; `cont` resumes it.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `no-room`, `timeout`
 */
export async function saveState(monitor: Monitor, file: string, options: SavedStateOptions): Promise<void> {
  const { form = 'devices', channel } = options;
  await withDeadline("saving the machine's state", options.timeoutMs ?? 30_000, options.signal, async (signal) => {
    await chooseForm(monitor, form, signal);
    await monitor.executeUntyped('migrate-set-parameters', { 'max-bandwidth': bandwidth }, { signal });
    if (form === 'mapped-ram') await saveToFile(monitor, file, signal);
    else await saveThrough(channel, monitor, file, signal);
  });
}

async function saveThrough(channel: StateChannel, monitor: Monitor, file: string, signal: AbortSignal): Promise<void> {
  const listening = await channel.listen(monitor, signal);
  let full: GoqemuError | undefined;
  try {
    const received = receive(listening.connection, file, signal);
    // Awaited below; QEMU's own reason comes first, but all that QEMU sees of a full disk is a closed connection.
    received.catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOSPC') full = noRoom(file, error);
    });
    await monitor.executeUntyped('migrate', { uri: listening.uri }, { signal });
    await untilMigrated(monitor, signal);
    await received;
  } catch (error) {
    await cancel(monitor);
    throw full ?? error;
  } finally {
    await listening.close();
  }
}

async function saveToFile(monitor: Monitor, file: string, signal: AbortSignal): Promise<void> {
  try {
    await monitor.executeUntyped('migrate', { channels: fileChannels(file) }, { signal });
    await untilMigrated(monitor, signal);
  } catch (error) {
    await cancel(monitor);
    const { detail = '', message } = error as { detail?: string; message: string };
    throw /No space left/.test(`${message} ${detail}`) ? noRoom(file, error) : error;
  }
}

/** In this form no character of a path has a meaning of its own. */
function fileChannels(filename: string) {
  return [{ 'channel-type': 'main', addr: { transport: 'file', filename, offset: 0 } }];
}

/** A machine that is still sending cannot continue. One that has ended has no answer, and needs none. */
async function cancel(monitor: Monitor): Promise<void> {
  try {
    await withDeadline('cancelling the saving', 5_000, undefined, async (signal) => {
      await monitor.executeUntyped('migrate_cancel', {}, { signal });
      for (;;) {
        const { status } = await queryMigrate(monitor, signal);
        if (status === undefined || ['none', 'completed', 'failed', 'cancelled'].includes(status)) return;
        await sleep(5, signal);
      }
    });
  } catch {
    // The error that led here is the one to tell.
  }
}

/**
 * Loads a state into a machine that was started with `-incoming defer`, and whose RAM is in place where the state does
 * not hold it.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `timeout`
 */
export async function loadState(monitor: Monitor, file: string, options: SavedStateOptions): Promise<void> {
  const { form = 'devices', channel } = options;
  await withDeadline("loading the machine's state", options.timeoutMs ?? 30_000, options.signal, async (signal) => {
    await expectForm(monitor, form, signal);
    const handle = await open(file, 'r');
    await handle.close(); // a missing file is an error before QEMU is touched
    if (form === 'mapped-ram') {
      await monitor.executeUntyped('migrate-incoming', { channels: fileChannels(file) }, { signal });
      await untilLoaded(monitor, signal);
    } else {
      await loadThrough(channel, monitor, file, signal);
    }
  });
}

async function loadThrough(channel: StateChannel, monitor: Monitor, file: string, signal: AbortSignal): Promise<void> {
  try {
    const way = await channel.connect(monitor, signal);
    way.resume();
    try {
      await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), way, { signal });
    } catch (error) {
      // QEMU closes its end with the last byte that it needs, at times before ours is closed. Whether it got them all
      // is for QEMU to say: one that did not ends, or stays in migration until the deadline.
      if (!['ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET'].includes(systemErrorCode(error) ?? '')) throw error;
    }
    await untilLoaded(monitor, signal);
  } finally {
    await channel.close();
  }
}

async function receive(connection: Promise<NodeJS.ReadableStream>, file: string, signal: AbortSignal): Promise<void> {
  const source = await connection;
  await pipeline(source, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal });
}

async function untilMigrated(monitor: Monitor, signal: AbortSignal): Promise<void> {
  for (;;) {
    const info = await queryMigrate(monitor, signal);
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
    const info = await queryMigrate(monitor, signal);
    if (info.status === 'failed') throw stateError('loaded', info['error-desc'] ?? 'QEMU gave no reason');
    await sleep(2, signal);
  }
}

function stateError(verb: string, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-state-failed',
    source: 'environment',
    message: `the machine's state could not be ${verb}`,
    detail: reason,
    hint: 'the disk of the checkpoint is complete: the machine can boot from it',
  });
}
