import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage, GoqemuError } from '@goqemu/core';
import type { Endpoint } from '@goqemu/lab';
import { connectReader, type MachineRecord, openEndpoint } from '@goqemu/machine';
import type { MachineReach } from '../machines/backend-machine.ts';
import { transportStream } from './transport-stream.ts';

/** A machine that runs, and where it is reached. */
export interface ReachedMachine {
  readonly name: string;
  readonly sshPort: number;
  readonly reach: MachineReach;
}

/** Opens a stream to a machine on this host. */
export async function openMachineEndpoint(
  { name, sshPort, reach }: ReachedMachine,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Duplex> {
  switch (endpoint) {
    case 'ssh':
      return connectTo(sshPort, signal);
    case 'monitor':
      return transportStream(await connectReader(await reach.running(), { command: 'goqemu qmp', signal }));
    case 'commands':
      return transportStream(await reach.commands(signal));
    case 'console':
      return transportStream(await openConsole(name, await reach.running(), signal));
  }
}

async function connectTo(port: number, signal: AbortSignal): Promise<Duplex> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined); // it may still fail after it was given up
    socket.destroy();
    signal.throwIfAborted();
    throw new GoqemuError({
      code: 'connect-failed',
      source: 'environment',
      message: `cannot connect to 127.0.0.1:${port}: ${errorMessage(error)}`,
      cause: error,
    });
  }
}

function openConsole(machine: string, record: MachineRecord, signal: AbortSignal) {
  const { console } = record.sockets;
  if (console) return openEndpoint(console, signal);
  throw new GoqemuError({
    code: 'console-absent',
    source: 'user',
    subject: machine,
    message: `machine ${machine} has no serial console to attach to`,
    hint: `read what it wrote with: goqemu logs ${machine}`,
  });
}
