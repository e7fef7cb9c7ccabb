import { readFile, stat, writeFile } from 'node:fs/promises';
import { removeFile } from '@goqemu/core';
import { findGuestRam, type GuestRam } from './guest-ram.ts';
import type { Monitor } from './monitor.ts';
import { withRoom } from './no-room.ts';
import { copyPrivatePages } from './private-pages.ts';
import { copyRam } from './ram-file.ts';
import { residentBytes } from './resident-bytes.ts';
import { saveDevices } from './save-devices.ts';
import { saveState, wholeStateStallMs } from './saved-state.ts';
import { SharedRamCopy } from './shared-ram-copy.ts';
import type { StateChannel } from './state-channel.ts';
import type { StateForm } from './state-form.ts';
import { parseStateStream, withDevices } from './state-stream.ts';

export interface CaptureOptions {
  /** QEMU's process. */
  readonly pid: number;
  readonly monitor: Monitor;
  /** Bytes of the guest's memory. */
  readonly memory: number;
  /** The device state that a copy-on-write machine was restored from; of no use for one with shared RAM. */
  readonly base?: string;
  /** New files. */
  readonly ram: string;
  readonly state: string;
  /** For a state that does not go into its file directly. */
  readonly channel: StateChannel;
  readonly signal?: AbortSignal;
}

/**
 * RAM and devices on their way into two files. What can be done while the guest runs is done before and after, so that
 * it stands still for the rest alone.
 */
export interface RamCapture {
  /** What the state holds: with `devices` the RAM is a file of its own, else `ram` is all there is. */
  readonly form: StateForm;
  /** Most bytes that the two files will take, as far as one can tell before. */
  readonly bytes: number;
  /** While the guest runs. */
  prepare(): Promise<void>;
  /** While the guest stands still. A machine with shared RAM is `postmigrate` then; `cont` takes it on. */
  take(): Promise<void>;
  /** When the guest runs again. */
  finish(): Promise<void>;
}

/** Room for device state: usually about 0.8 MB. */
const stateBytes = 8 * 2 ** 20;

/**
 * How the RAM of this machine is saved: from a shared file or memfd, which holds all of it; or, for a machine that was
 * restored copy-on-write, the file below with the pages that its guest has written to since. Undefined where neither
 * can be done.
 */
export async function captureRam(options: CaptureOptions): Promise<RamCapture | undefined> {
  const ram = await findGuestRam(options.pid, options.memory);
  if (!ram) return undefined;
  const below = (await stat(ram.path)).blocks * 512;
  const facts = { form: 'devices', bytes: below + stateBytes } as const;
  if (ram.kind === 'shared') return { ...facts, ...fromShared(ram, options) };
  return options.base === undefined ? undefined : { ...facts, ...fromPrivate(ram, options.base, options) };
}

/**
 * How a machine is saved whose RAM cannot be reached from outside: QEMU writes all of it into the one file `ram`, while
 * the guest stands still.
 */
export async function captureWhole(
  form: 'stream' | 'mapped-ram',
  options: Omit<CaptureOptions, 'state' | 'base'>,
): Promise<RamCapture> {
  const { pid, monitor, memory, ram, channel, signal } = options;
  return {
    form,
    bytes: Math.min(memory, (await residentBytes(pid)) ?? memory) + stateBytes,
    prepare: async () => undefined,
    take: () =>
      saveState(monitor, ram, {
        form,
        channel,
        stallMs: wholeStateStallMs(form, memory),
        ...(signal ? { signal } : {}),
      }),
    finish: async () => undefined,
  };
}

type Strokes = Omit<RamCapture, 'bytes' | 'form'>;

function fromShared(ram: GuestRam, { monitor, ram: ramFile, state, channel, signal }: CaptureOptions): Strokes {
  const limits = signal ? { signal } : {};
  const copy = new SharedRamCopy(ram, ramFile, limits);
  return {
    prepare: async () => {
      await makePrivate(ramFile);
      await copy.begin();
    },
    take: async () => {
      await settled([saveState(monitor, state, { channel, ...limits }), withRoom(ramFile, copy.finish())]);
    },
    finish: async () => undefined,
  };
}

function fromPrivate(ram: GuestRam, base: string, options: CaptureOptions): Strokes {
  const { monitor, ram: ramFile, state, signal } = options;
  const devices = `${state}.devices`;
  return {
    prepare: async () => {
      await makePrivate(ramFile);
      await copyRam(ram.path, ramFile, signal ? { signal } : {});
    },
    take: async () => {
      await settled([saveDevices(monitor, devices, signal), withRoom(ramFile, copyPrivatePages(ram, ramFile, signal))]);
    },
    finish: async () => {
      const whole = withDevices(parseStateStream(await readFile(base)), await readFile(devices));
      await writeFile(state, whole, { mode: 0o600, flag: 'wx' });
      await removeFile(devices);
    },
  };
}

/** RAM holds keys and passwords: no other user may read it, and cp(1) leaves the mode of a file that is there. */
function makePrivate(path: string): Promise<void> {
  return writeFile(path, '', { mode: 0o600, flag: 'wx' });
}

/** Waits for both, so that nothing keeps running after an error. */
async function settled(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
