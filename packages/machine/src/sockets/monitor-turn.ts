import { join } from 'node:path';
import type { ProcessTable } from '@goqemu/core';
import { askMonitor, QmpClient, type Transport } from '@goqemu/protocol';
import type { MachineRecord } from '../machine/machine-record.ts';
import { connectInTurn, type TurnOptions } from './turns.ts';

export interface MonitorTurnOptions {
  /** Shown to others who wait for their turn. */
  readonly command?: string;
  /** Milliseconds for QEMU to answer, counted from one's turn. @default 2000 */
  readonly timeoutMs?: number;
  /** Milliseconds to wait for one's turn: others ask only briefly, but on a busy host there may be many. @default 30_000 */
  readonly turnMs?: number;
  readonly signal?: AbortSignal;
  readonly processes?: ProcessTable;
}

/**
 * Connects to the monitor that is there for reading, in turn with other readers; the holder's monitor is untouched.
 *
 * @throws GoqemuError `locked`, `connect-failed`, `qmp-no-greeting`
 * @example
 * await using monitor = await openReader(record);
 */
export async function openReader(
  record: Pick<MachineRecord, 'sockets' | 'runtimeFolder'>,
  options: MonitorTurnOptions = {},
): Promise<QmpClient> {
  const { timeoutMs, limits } = limitsOf(options);
  return await QmpClient.connect(await connectReader(record, options), { greetingTimeoutMs: timeoutMs, ...limits });
}

/** As `openReader`, before a word was said. */
export function connectReader(
  record: Pick<MachineRecord, 'sockets' | 'runtimeFolder'>,
  options: MonitorTurnOptions = {},
): Promise<Transport> {
  return connectInTurn(record.sockets.readers, turnOf(record, options));
}

/**
 * Asks over the monitor that is there for reading, in turn with other readers, and leaves.
 *
 * @returns what each command returned
 * @throws GoqemuError `locked`, `connect-failed`, and what {@link askMonitor} throws
 */
export async function askReader(
  record: Pick<MachineRecord, 'sockets' | 'runtimeFolder'>,
  commands: readonly string[],
  options: MonitorTurnOptions = {},
): Promise<readonly unknown[]> {
  const { timeoutMs, limits } = limitsOf(options);
  await using transport = await connectInTurn(record.sockets.readers, {
    ...turnOf(record, options),
    passDescriptors: false,
  });
  return await askMonitor(transport, commands, { timeoutMs, ...limits });
}

function limitsOf({ timeoutMs = 2000, signal }: MonitorTurnOptions) {
  return { timeoutMs, limits: signal ? { signal } : {} };
}

function turnOf({ runtimeFolder }: Pick<MachineRecord, 'runtimeFolder'>, options: MonitorTurnOptions): TurnOptions {
  const { limits } = limitsOf(options);
  return {
    command: options.command ?? 'goqemu',
    waitMs: options.turnMs ?? 30_000,
    lockPath: join(runtimeFolder, 'r.lock'),
    ...limits,
    ...(options.processes ? { processes: options.processes } : {}),
  };
}
