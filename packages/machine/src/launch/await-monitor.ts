import {
  anySignal,
  hasErrorCode,
  internalError,
  type Logger,
  orAborted,
  type ProcessIdentity,
  type ProcessTable,
  sleep,
} from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import { lastWords } from '../process/last-words.ts';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import { openEndpoint } from '../sockets/turns.ts';
import { exitError } from './exit-cause.ts';
import type { SpawnedQemu } from './spawn-qemu.ts';

export interface StartingMachine {
  readonly name: string;
  readonly control: SocketEndpoint;
  readonly qemu: SpawnedQemu;
  readonly logPath: string;
  readonly processes: ProcessTable;
  readonly logger: Logger | undefined;
}

/**
 * Waits for the monitor of a QEMU that is starting, or for its end when it could not.
 *
 * @throws GoqemuError with the cause as its code, and QEMU's last words
 */
export async function awaitMonitor(
  machine: StartingMachine,
  signal: AbortSignal,
): Promise<{ identity: ProcessIdentity; qmp: QmpClient }> {
  const { name, qemu, logPath, processes } = machine;
  const giveUp = new AbortController();
  const died = qemu.exited.then(async (exit) => {
    throw exitError(name, exit, await lastWords(logPath, qemu.logOffset), logPath);
  });
  died.catch(() => undefined); // after a good start it is the machine's wait that tells
  try {
    const identifying = processes.identify(qemu.pid);
    const connecting = connect(machine, anySignal(signal, giveUp.signal));
    const [identity, qmp] = await Promise.race([died, Promise.all([identifying, connecting])]);
    if (!identity) throw internalError(`process ${qemu.pid} answers but is not in the process table`);
    return { identity, qmp };
  } catch (error) {
    // QEMU closes its monitor a moment before it ends: what counts is why it did.
    if (!signal.aborted) await Promise.race([died, orAborted(sleep(500), signal)]);
    throw error;
  } finally {
    giveUp.abort();
  }
}

/** The socket comes within some milliseconds, the greeting when the machine has been built; the signal bounds both. */
async function connect({ control, logger }: StartingMachine, signal: AbortSignal): Promise<QmpClient> {
  const noLimit = 2 ** 31 - 1;
  for (;;) {
    try {
      const transport = await openEndpoint(control, signal);
      return await QmpClient.connect(transport, { greetingTimeoutMs: noLimit, signal, ...(logger ? { logger } : {}) });
    } catch (error) {
      // Not there yet, or bound and not yet listening.
      if (!hasErrorCode(error, 'connect-failed')) throw error;
      await sleep(2, signal);
    }
  }
}
