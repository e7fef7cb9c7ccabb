import { join } from 'node:path';
import type { ProcessTable } from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import type { MachineRecord } from '../machine/machine-record.ts';
import { connectInTurn } from './turns.ts';

export interface MonitorTurnOptions {
  /** Told to others who wait for their turn. */
  readonly command?: string;
  /** Milliseconds to wait for one's turn, and again for QEMU's greeting; 2000 unless given. */
  readonly timeoutMs?: number;
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
  const timeoutMs = options.timeoutMs ?? 2000;
  const { signal, processes } = options;
  const transport = await connectInTurn(record.sockets.readers, {
    command: options.command ?? 'goqemu',
    waitMs: timeoutMs,
    lockPath: join(record.runtimeFolder, 'r.lock'),
    ...(signal ? { signal } : {}),
    ...(processes ? { processes } : {}),
  });
  return await QmpClient.connect(transport, { greetingTimeoutMs: timeoutMs, ...(signal ? { signal } : {}) });
}
