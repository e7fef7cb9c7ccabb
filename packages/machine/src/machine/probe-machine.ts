import { hostProcessTable, isAlive, isGoqemuError, type ProcessTable } from '@goqemu/core';
import { askReader } from '../sockets/monitor-turn.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';
import { type MachineState, machineState } from './machine-state.ts';

/**
 * What a machine on record is doing now. `gone`: its process has ended, or another one has its pid or its socket.
 * `unresponsive`: the process lives and does not answer (it was sent SIGSTOP, or hangs in the kernel).
 */
export type MachineProbe = MachineState | 'gone' | 'unresponsive';

export interface ProbeOptions {
  readonly processes?: ProcessTable;
  /** Milliseconds for QEMU to answer, counted from one's turn at the monitor. @default 5000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks without touching: over the readers' monitor, in turn with other readers.
 *
 * @example
 * if ((await probeMachine(record)) === 'gone') console.log('start it again');
 */
export async function probeMachine(record: MachineRecord, options: ProbeOptions = {}): Promise<MachineProbe> {
  const processes = options.processes ?? hostProcessTable();
  const { signal, timeoutMs = 5000 } = options;
  if (!(await isAlive(identityOf(record), processes))) return 'gone';
  const limits = { timeoutMs, ...(signal ? { signal } : {}) };
  try {
    const questions = ['query-uuid', 'query-status'];
    const [uuid, status] = await askReader(record, questions, { ...limits, processes, command: 'goqemu status' });
    if ((uuid as { UUID?: string }).UUID !== record.uuid) return 'gone';
    return machineState((status as { status: string }).status);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isGoqemuError(error)) throw error;
    // It may have ended between the two looks.
    return (await isAlive(identityOf(record), processes)) ? 'unresponsive' : 'gone';
  }
}
