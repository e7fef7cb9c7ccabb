import {
  GoqemuError,
  type HostPlatform,
  hasErrorCode,
  hostPlatform,
  hostProcessTable,
  isAlive,
  type Logger,
  type ProcessTable,
  sleep,
  withDeadline,
} from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import { meetProcess, meetSocket } from '../attach/meet-machine.ts';
import { watchPeer } from '../attach/peer.ts';
import { recordOf } from '../attach/record-of.ts';
import { type CommandLines, hostCommandLines } from '../process/command-line.ts';
import { hostOpenFiles, type OpenFiles } from '../process/open-files.ts';
import { hasOwnSockets } from '../sockets/runtime-folder-owner.ts';
import { openEndpoint } from '../sockets/turns.ts';
import { Machine } from './machine.ts';
import { takenOver } from './machine-errors.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';

/** A machine on record, or what is known of one that is not: its monitor's socket, or its process. */
export type AttachTarget = MachineRecord | { readonly socketPath: string } | { readonly pid: number };

/** How a machine that runs already is looked for. */
export interface AttachOptions {
  /** @internal Replaced in tests. */
  readonly processes?: ProcessTable;
  /** @internal Replaced in tests. */
  readonly commandLines?: CommandLines;
  /** @internal Replaced in tests. */
  readonly openFiles?: OpenFiles;
  readonly platform?: HostPlatform;
  /** Milliseconds for QEMU to greet.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

/**
 * Takes hold of a machine that runs already, after making sure that it is the one that is meant: same process, same
 * start, same boot, and the same uuid over QMP. One that another program started is also seen to be the very process
 * that takes the connection.
 *
 * @throws GoqemuError `machine-gone`, `machine-replaced`; `machine-not-found` for a socket or process that is no
 *   QEMU with a monitor, with the reason; `machine-ambiguous` when another process than the one that is meant answers at
 *   the monitor, with both; `qmp-no-greeting` when all its monitors have another client or it does not answer
 * @example
 * await using machine = await attachMachine(record);
 */
export async function attachMachine(target: AttachTarget, options: AttachOptions = {}): Promise<Machine> {
  const processes = options.processes ?? hostProcessTable();
  const openFiles = options.openFiles ?? hostOpenFiles();
  const timeoutMs = options.timeoutMs ?? 5000;
  return await withDeadline('attaching to a machine', timeoutMs * 2, options.signal, async (signal) => {
    if (isRecord(target)) {
      if (!(await isAlive(identityOf(target), processes))) throw gone(target);
      return await unlessEnding(target, processes, signal, async () => {
        // goqemu's own machines have folders and uuids that no other has.
        const { pid, sockets } = target;
        const watch = hasOwnSockets(target) ? undefined : await watchPeer(pid, sockets.control, openFiles);
        const qmp = await connect(sockets, timeoutMs, signal, options.logger);
        return await holding(qmp, async () => {
          if ((await watch?.answered()) === 'no') throw takenOver(target);
          const { UUID } = (await qmp.execute('query-uuid')) as { UUID: string };
          if (UUID !== target.uuid) throw replaced(target, UUID);
          return await ready(target, qmp, options, processes);
        });
      });
    }
    const meeting = {
      commandLines: options.commandLines ?? hostCommandLines(),
      openFiles,
      timeoutMs,
      signal,
      ...(options.logger ? { logger: options.logger } : {}),
    };
    const met = 'pid' in target ? await meetProcess(target.pid, meeting) : await meetSocket(target.socketPath, meeting);
    return await holding(met.qmp, async () =>
      ready(await recordOf(met, processes, options.platform ?? hostPlatform()), met.qmp, options, processes),
    );
  });
}

/** A QEMU that ends closes its sockets some time before its process is gone: what closed on us may be on its way. */
async function unlessEnding(
  record: MachineRecord,
  processes: ProcessTable,
  signal: AbortSignal,
  attach: () => Promise<Machine>,
): Promise<Machine> {
  try {
    return await attach();
  } catch (error) {
    if (!hasErrorCode(error, 'qmp-closed') && !hasErrorCode(error, 'connect-failed')) throw error;
    for (let look = 0; look < endingLooks; look++) {
      if (!(await isAlive(identityOf(record), processes))) throw gone(record);
      await sleep(endingLookMs, signal);
    }
    throw error;
  }
}

const endingLooks = 100;
const endingLookMs = 10;

function isRecord(target: AttachTarget): target is MachineRecord {
  return 'uuid' in target;
}

async function connect(
  sockets: MachineRecord['sockets'],
  timeoutMs: number,
  signal: AbortSignal,
  logger: Logger | undefined,
): Promise<QmpClient> {
  const transport = await openEndpoint(sockets.control, signal, true, timeoutMs);
  return await QmpClient.connect(transport, { greetingTimeoutMs: timeoutMs, signal, ...(logger ? { logger } : {}) });
}

/** The machine owns the client when all went well; otherwise the client is closed. */
async function holding(qmp: QmpClient, work: () => Promise<Machine>): Promise<Machine> {
  try {
    return await work();
  } catch (error) {
    await qmp.close();
    throw error;
  }
}

async function ready(
  record: MachineRecord,
  qmp: QmpClient,
  options: AttachOptions,
  processes: ProcessTable,
): Promise<Machine> {
  const machine = new Machine({ record, qmp, processes, ...(options.logger ? { logger: options.logger } : {}) });
  await machine.status();
  return machine;
}

function gone(record: MachineRecord): GoqemuError {
  return new GoqemuError({
    code: 'machine-gone',
    source: 'environment',
    subject: record.name,
    message: `machine "${record.name}" is no longer running: process ${record.pid} has ended`,
    hint: 'start it again',
    data: { pid: record.pid },
  });
}

function replaced(record: MachineRecord, uuid: string): GoqemuError {
  return new GoqemuError({
    code: 'machine-replaced',
    source: 'environment',
    subject: record.name,
    message: `another machine (uuid ${uuid}) answers at the socket of machine "${record.name}"`,
    hint: 'give each machine a runtime folder of its own',
    data: { expected: record.uuid, found: uuid },
  });
}
