import { join } from 'node:path';
import type { ProcessTable } from '@goqemu/core';
import type { Transport } from '@goqemu/protocol';
import { standbyPortAbsent } from '../machine/machine-errors.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { connectInTurn } from './turns.ts';

export interface StandbyTurnOptions {
  /** Shown to others who wait for their turn. @default 'goqemu' */
  readonly command?: string;
  /** Milliseconds to wait for one's turn. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  readonly processes?: ProcessTable;
}

/**
 * Connects to the standby port when it is one's turn: the bytes that a process of the guest writes to
 * `org.goqemu.standby.0`, and those that it reads.
 *
 * @throws GoqemuError `standby-port-absent` when the machine has none; `locked`; `connect-failed`
 */
export async function connectStandby(
  record: Pick<MachineRecord, 'name' | 'sockets' | 'runtimeFolder'>,
  { command = 'goqemu', waitMs, signal, processes }: StandbyTurnOptions,
): Promise<Transport> {
  const endpoint = record.sockets.standby;
  if (!endpoint) throw standbyPortAbsent(record.name);
  return connectInTurn(endpoint, {
    command,
    waitMs,
    lockPath: join(record.runtimeFolder, 'w.lock'),
    passDescriptors: false,
    ...(signal ? { signal } : {}),
    ...(processes ? { processes } : {}),
  });
}
