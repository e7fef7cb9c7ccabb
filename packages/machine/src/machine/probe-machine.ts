import { hostProcessTable, isAlive, isGoqemuError, type ProcessTable } from '@goqemu/core';
import { watchPeer } from '../attach/peer.ts';
import { hostOpenFiles, type OpenFiles } from '../process/open-files.ts';
import { askReader, type MonitorTurnOptions, openReader } from '../sockets/monitor-turn.ts';
import { removeEmptyFolder } from '../sockets/remove-runtime-files.ts';
import { hasOwnSockets, isBorrowedFolder } from '../sockets/runtime-folder-owner.ts';
import { takenOver } from './machine-errors.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';
import { type MachineState, machineState } from './machine-state.ts';

/**
 * What a machine on record is doing now. `gone`: its process has ended, or another one has its pid or its socket.
 * `unresponsive`: the process lives and does not answer (it was sent SIGSTOP, or hangs in the kernel).
 */
export type MachineProbe = MachineState | 'gone' | 'unresponsive';

/** How long a machine has to answer, and when to give up. */
export interface ProbeOptions {
  /** @internal Replaced in tests. */
  readonly processes?: ProcessTable;
  /** @internal Replaced in tests. */
  readonly openFiles?: OpenFiles;
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
  const turn = { timeoutMs, processes, command: 'goqemu status', ...(signal ? { signal } : {}) };
  try {
    const ask = hasOwnSockets(record)
      ? askReader(record, questions, turn)
      : askStranger(record, turn, options.openFiles);
    const [uuid, status] = await ask;
    if ((uuid as { UUID?: string }).UUID !== record.uuid) return 'gone';
    return machineState((status as { status: string }).status);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isGoqemuError(error)) throw error;
    // It may have ended between the two looks.
    return (await isAlive(identityOf(record), processes)) ? 'unresponsive' : 'gone';
  }
}

const questions = ['query-uuid', 'query-status'] as const;

/**
 * The path of a machine that another program started may belong to another QEMU by now: the one on record does not answer
 * there any more.
 */
async function askStranger(
  record: MachineRecord,
  turn: MonitorTurnOptions,
  files: OpenFiles = hostOpenFiles(),
): Promise<readonly unknown[]> {
  try {
    const watch = await watchPeer(record.pid, record.sockets.readers, files);
    await using monitor = await openReader(record, turn);
    if ((await watch.answered()) === 'no') throw takenOver(record);
    const limits = turn.signal ? { signal: turn.signal } : {};
    return await Promise.all(questions.map((question) => monitor.execute(question, undefined, limits)));
  } finally {
    if (!isBorrowedFolder(record)) await removeEmptyFolder(record.runtimeFolder); // it was made for the turn
  }
}
