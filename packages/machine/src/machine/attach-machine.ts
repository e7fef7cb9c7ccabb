import {
  GoqemuError,
  hasErrorCode,
  hostProcessTable,
  isAlive,
  type Logger,
  type ProcessTable,
  sleep,
  withDeadline,
} from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import { type CommandLines, hostCommandLines } from '../process/command-line.ts';
import { openEndpoint } from '../sockets/turns.ts';
import { type FoundMachine, readArguments } from './arguments-of-process.ts';
import { Machine } from './machine.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';

/** A machine on record, or what is known of one that is not: its monitor's socket, or its process. */
export type AttachTarget = MachineRecord | { readonly socketPath: string } | { readonly pid: number };

export interface AttachOptions {
  readonly processes?: ProcessTable;
  readonly commandLines?: CommandLines;
  /** Milliseconds for QEMU to greet; 5000 unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

/**
 * Takes hold of a machine that runs already, after making sure that it is the one that is meant: same process, same
 * start, same boot, and the same uuid over QMP.
 *
 * @throws GoqemuError `machine-gone`, `machine-replaced`; `machine-not-found` for a socket or process that is no
 *   QEMU with a monitor; `qmp-no-greeting` when its monitor has another client or it does not answer
 * @example
 * await using machine = await attachMachine(record);
 */
export async function attachMachine(target: AttachTarget, options: AttachOptions = {}): Promise<Machine> {
  const processes = options.processes ?? hostProcessTable();
  const timeoutMs = options.timeoutMs ?? 5000;
  return await withDeadline('attaching to a machine', timeoutMs * 2, options.signal, async (signal) => {
    if (isRecord(target)) {
      if (!(await isAlive(identityOf(target), processes))) throw gone(target);
      return await unlessEnding(target, processes, signal, async () => {
        const qmp = await connect(target.sockets, timeoutMs, signal, options.logger);
        return await holding(qmp, async () => {
          const { UUID } = (await qmp.execute('query-uuid')) as { UUID: string };
          if (UUID !== target.uuid) throw replaced(target, UUID);
          return await ready(target, qmp, options, processes);
        });
      });
    }
    const { pid, found } = await locate(target, options.commandLines ?? hostCommandLines());
    const identity = await processes.identify(pid);
    if (!identity) throw notFound(`process ${pid} is gone`);
    const qmp = await connect(found.sockets, timeoutMs, signal, options.logger);
    return await holding(qmp, async () => {
      const { UUID } = (await qmp.execute('query-uuid')) as { UUID: string };
      const { name } = (await qmp.execute('query-name')) as { name?: string };
      const { major, minor, micro, package: text } = qmp.version;
      const version = `${major}.${minor}.${micro}${text ? ` (${text})` : ''}`;
      const record: MachineRecord = { ...identity, ...found, name: name ?? '', uuid: UUID, version };
      return await ready(record, qmp, options, processes);
    });
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
  const transport = await openEndpoint(sockets.control, signal);
  return await QmpClient.connect(transport, { greetingTimeoutMs: timeoutMs, signal, ...(logger ? { logger } : {}) });
}

/** The client is the machine's when all went well, and nobody's when not. */
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

async function locate(
  target: { readonly socketPath: string } | { readonly pid: number },
  commandLines: CommandLines,
): Promise<{ pid: number; found: FoundMachine }> {
  const pids = 'pid' in target ? [target.pid] : await commandLines.containing(target.socketPath.replaceAll(',', ',,'));
  for (const pid of pids) {
    const argv = await commandLines.of(pid);
    const found = argv && readArguments(argv);
    if (!found) continue;
    if ('pid' in target) return { pid, found };
    const sockets = [found.sockets.control, found.sockets.readers, found.sockets.tools];
    const given = sockets.find((socket) => socket.kind === 'unix' && socket.path === target.socketPath);
    // The socket that was named is the one to use, whichever of the three it is.
    if (given) return { pid, found: { ...found, sockets: { ...found.sockets, control: given } } };
  }
  throw notFound(
    'pid' in target
      ? `process ${target.pid} is no QEMU with a QMP monitor on a socket`
      : `no QEMU of this host has a QMP monitor at ${target.socketPath}`,
  );
}

function notFound(message: string): GoqemuError {
  return new GoqemuError({
    code: 'machine-not-found',
    source: 'user',
    message,
    hint: 'look at the process list: QEMU may run as another user, or without a monitor',
  });
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
