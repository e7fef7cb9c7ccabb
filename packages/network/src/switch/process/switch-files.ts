import { posix, win32 } from 'node:path';
import { type HostPlatform, type ProcessIdentity, parseJson, readOwnText } from '@goqemu/core';
import { z } from 'zod';

/** Names in a switch's folder; the socket's is short, because sun_path ends after 104 bytes on macOS. */
const names = { control: 's', record: 'switch.json', state: 'state.json', lock: 'lock', log: 'log' } as const;

export interface SwitchFiles {
  readonly folder: string;
  /** The control socket; on Windows a named pipe, which is not in the folder. */
  readonly control: string;
  readonly record: string;
  /** The configuration and the faults that were applied last: a new process continues with them. */
  readonly state: string;
  readonly lock: string;
  readonly log: string;
}

/** Where the parts of a switch lie, whose folder is this one. */
export function switchFiles(folder: string, uuid: string, platform: Pick<HostPlatform, 'system'>): SwitchFiles {
  const { join } = platform.system === 'win32' ? win32 : posix;
  return {
    folder,
    control: platform.system === 'win32' ? `\\\\.\\pipe\\goqemu-switch-${uuid}` : join(folder, names.control),
    record: join(folder, names.record),
    state: join(folder, names.state),
    lock: join(folder, names.lock),
    log: join(folder, names.log),
  };
}

const switchRecord = z.strictObject({
  uuid: z.uuid(),
  pid: z.number().int().positive(),
  startTime: z.string(),
  bootId: z.string(),
  /** The control socket or named pipe. */
  control: z.string(),
});

/** Which process a switch is, and where it is spoken to. */
export type SwitchRecord = ProcessIdentity & { readonly uuid: string; readonly control: string };

/** The record of the switch that runs, or ran last, in a folder; undefined when there is none or it is damaged. */
export function readSwitchRecord(path: string): SwitchRecord | undefined {
  const parsed = switchRecord.safeParse(parseJson(readOwnText(path) ?? ''));
  return parsed.success ? parsed.data : undefined;
}

const lastState = z.object({ configuration: z.object({ networks: z.array(z.object({ name: z.string() })) }) });

/** What the switch carried that does not run any more; undefined where there was none. */
export interface LastSwitch {
  readonly networks: readonly string[];
  /** True: its process ended without being asked to. */
  readonly hasDied: boolean;
}

/** The last switch of a folder, where {@link readSwitchRecord} names no process that runs. */
export function lastSwitch(
  folder: string,
  uuid: string,
  platform: Pick<HostPlatform, 'system'>,
): LastSwitch | undefined {
  const files = switchFiles(folder, uuid, platform);
  const state = lastState.safeParse(parseJson(readOwnText(files.state) ?? ''));
  if (!state.success) return undefined;
  const networks = state.data.configuration.networks.map(({ name }) => name);
  return { networks, hasDied: readSwitchRecord(files.record) !== undefined };
}
