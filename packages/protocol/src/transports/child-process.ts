import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { GoqemuError } from '@goqemu/core';
import type { OpenOptions } from './open-socket.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/**
 * Speaks through a program's standard input and output: the way to what Node.js cannot open by itself, such as
 * vsock (`['socat', '-', 'VSOCK-CONNECT:3:9999']`) or a socket on another host
 * (`['ssh', 'host', 'socat', '-', 'UNIX-CONNECT:/run/vm/qmp.sock']`). Closing ends the program.
 *
 * @throws GoqemuError `connect-failed` when the program cannot be started
 */
export async function connectThroughProcess(
  command: readonly [string, ...string[]],
  options: OpenOptions = {},
): Promise<Transport> {
  options.signal?.throwIfAborted();
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(startError(program, cause)));
  });
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  endWith(child, duplex);
  return new StreamTransport(duplex, program);
}

/** The program goes when the connection does, and the connection when the program does. */
function endWith(child: ChildProcessByStdio<Writable, Readable, null>, duplex: Duplex): void {
  duplex.once('close', () => child.kill());
  child.once('exit', () => duplex.end());
  child.on('error', (error) => duplex.destroy(error));
}

function startError(program: string, cause: Error): GoqemuError {
  return new GoqemuError({
    code: 'connect-failed',
    source: 'environment',
    subject: program,
    message: `cannot start ${program} to connect through it`,
    detail: cause.message,
    hint: 'is it installed and in PATH?',
    cause,
    data: { program },
  });
}
