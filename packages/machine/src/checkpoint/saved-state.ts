import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import {
  formatByteSize,
  GoqemuError,
  type Moved,
  type StallLimit,
  sleep,
  systemErrorCode,
  withDeadline,
  withStallLimit,
} from '@goqemu/core';
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
  /** Milliseconds in which some of it must have moved. @default 30_000 */
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Milliseconds in which some of a state that holds RAM must have moved. What QEMU reads from a file by itself
 * (`mapped-ram`) is not seen to move: it has a minute, and a second for each 50 MiB of the guest's memory.
 */
export function wholeStateStallMs(form: StateForm, memory: number): number {
  return form === 'stream' ? 60_000 : 60_000 + (memory / 2 ** 20) * 20;
}

/**
 * Writes the state of a stopped machine to a new file. Afterwards the machine is `postmigrate`; `cont` resumes it.
 *
 * @throws GoqemuError `checkpoint-state-failed` with QEMU's reason, `no-room`, `timeout`
 */
export async function saveState(monitor: Monitor, file: string, options: SavedStateOptions): Promise<void> {
  const { form = 'devices', channel } = options;
  await withStallLimit(limitOf("saving the machine's state", options), async (signal, moved) => {
    await chooseForm(monitor, form, signal);
    await monitor.executeUntyped('migrate-set-parameters', { 'max-bandwidth': bandwidth }, { signal });
    if (form === 'mapped-ram') await saveToFile(monitor, file, { signal, moved });
    else await saveThrough(channel, monitor, file, { signal, moved });
  });
}

/** What ends a transfer, and is notified of how many bytes of it there were. */
interface Watched {
  readonly signal: AbortSignal;
  readonly moved: Moved;
}

function limitOf(name: string, { stallMs = 30_000, signal }: SavedStateOptions): StallLimit {
  return { name, milliseconds: stallMs, show: formatByteSize, ...(signal ? { signal } : {}) };
}

async function saveThrough(channel: StateChannel, monitor: Monitor, file: string, watched: Watched): Promise<void> {
  const { signal } = watched;
  const listening = await channel.listen(monitor, signal);
  let full: GoqemuError | undefined;
  try {
    const received = receive(listening.connection, file, watched);
    // Awaited below; QEMU's own reason comes first, but all that QEMU sees of a full disk is a closed connection.
    received.catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOSPC') full = noRoom(file, error);
    });
    await monitor.executeUntyped('migrate', { uri: listening.uri }, { signal });
    await untilMigrated(monitor, { signal });
    await received;
  } catch (error) {
    await cancel(monitor);
    throw full ?? error;
  } finally {
    await listening.close();
  }
}

async function saveToFile(monitor: Monitor, file: string, watched: Watched): Promise<void> {
  try {
    await monitor.executeUntyped('migrate', { channels: fileChannels(file) }, { signal: watched.signal });
    await untilMigrated(monitor, watched);
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
  await withStallLimit(limitOf("loading the machine's state", options), async (signal, moved) => {
    await expectForm(monitor, form, signal);
    const handle = await open(file, 'r');
    await handle.close(); // a missing file is an error before QEMU is touched
    if (form === 'mapped-ram') {
      await monitor.executeUntyped('migrate-incoming', { channels: fileChannels(file) }, { signal });
      await untilLoaded(monitor, signal);
    } else {
      await loadThrough(channel, monitor, file, { signal, moved });
    }
  });
}

async function loadThrough(channel: StateChannel, monitor: Monitor, file: string, watched: Watched): Promise<void> {
  const { signal } = watched;
  try {
    const way = await channel.connect(monitor, signal);
    way.resume();
    try {
      await pipeline(counted(createReadStream(file, { highWaterMark: chunkBytes }), watched), way, { signal });
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

async function receive(connection: Promise<NodeJS.ReadableStream>, file: string, watched: Watched): Promise<void> {
  const { signal } = watched;
  const source = await connection;
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600, highWaterMark: chunkBytes });
  await pipeline(counted(source, watched), target, { signal });
}

/** Bytes that are on their way between two ends: less, and each of many waits for its turn. */
const chunkBytes = 2 ** 20;

/**
 * Says how many bytes a stream has given. Not a stage of its own: a pipeline with a generator in it can wait for ever for a
 * socket that its peer has closed meanwhile.
 */
function counted<Source extends NodeJS.ReadableStream>(source: Source, { moved }: Watched): Source {
  let bytes = 0;
  // A listener would start the stream at once: what it gives before the pipeline stands would be lost.
  queueMicrotask(() => {
    source.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      moved(bytes);
    });
  });
  return source;
}

async function untilMigrated(monitor: Monitor, { signal, moved }: Pick<Watched, 'signal'> & Partial<Watched>) {
  for await (const _ of looks(signal)) {
    const info = await queryMigrate(monitor, signal);
    if (info.status === 'completed') return;
    if (info.status === 'failed' || info.status === 'cancelled')
      throw stateError('saved', info['error-desc'] ?? info.status);
    moved?.(info.ram?.transferred ?? 0);
  }
}

async function untilLoaded(monitor: Monitor, signal: AbortSignal): Promise<void> {
  for await (const _ of looks(signal)) {
    const { status } = (await monitor.executeUntyped('query-status', {}, { signal })) as { status: string };
    if (status !== 'inmigrate') return;
    const info = await queryMigrate(monitor, signal);
    if (info.status === 'failed') throw stateError('loaded', info['error-desc'] ?? 'QEMU gave no reason');
  }
}

/**
 * When to ask QEMU how far it is: devices alone take some milliseconds, and RAM up to minutes, which questions would only
 * make longer.
 */
async function* looks(signal: AbortSignal): AsyncGenerator<void> {
  for (let pause = 2; ; pause = Math.min(pause * 1.25, 100)) {
    yield;
    await sleep(pause, signal);
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
