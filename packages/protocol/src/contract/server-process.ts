import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, withDeadline } from '@goqemu/core';

/** A real server that a contract is checked against; it lives as long as its owner holds it. */
export interface ServerProcess extends AsyncDisposable {
  readonly path: string;
  readonly folder: string;
}

/** Starts a program that listens on a Unix socket, and waits for the socket. */
export async function startServer(
  program: string,
  argsFor: (socket: string, folder: string) => readonly string[],
): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-contract-'));
  const path = join(folder, 's');
  const child = spawn(program, argsFor(path, folder), { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    words += bytes;
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}: ${words}`));
  });
  try {
    await withDeadline(`${program} opening its socket`, 20_000, undefined, (signal) => socketOf(path, ended, signal));
  } catch (error) {
    await end(child, folder, ended);
    throw error;
  }
  return { path, folder, [Symbol.asyncDispose]: () => end(child, folder, ended) };
}

async function socketOf(path: string, ended: Promise<string>, signal: AbortSignal): Promise<void> {
  let reason: string | undefined;
  void ended.then((words) => {
    reason = words;
  });
  while (!(await isListening(path))) {
    if (reason !== undefined) throw new Error(reason);
    await sleep(10, signal);
  }
}

/** The flag of a socket that accepts connections, __SO_ACCEPTCON (Linux, include/uapi/linux/net.h). */
const accepting = 0x10000;

/**
 * The file is there a moment before anybody listens. To try it by connecting will not do: the server would have had a
 * client, and be about to hang up, when the real one comes (proc(5), /proc/net/unix).
 */
async function isListening(path: string): Promise<boolean> {
  const sockets = (await readFile('/proc/net/unix', 'utf8')).split('\n').map((line) => line.split(' '));
  return sockets.some((fields) => fields.at(-1) === path && (Number.parseInt(fields[3] ?? '', 16) & accepting) !== 0);
}

async function end(child: ChildProcess, folder: string, ended: Promise<string>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
  await rm(folder, { recursive: true, force: true });
}

/** QEMU without a machine: it starts at once, and its monitor is complete. */
export function startQemu(program = 'qemu-system-x86_64', more: readonly string[] = []): Promise<ServerProcess> {
  return startServer(program, (socket) => [
    ...['-machine', 'none', '-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-user-config'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
    ...more,
  ]);
}

export function startStorageDaemon(program = 'qemu-storage-daemon'): Promise<ServerProcess> {
  return startServer(program, (socket) => [
    ...['--chardev', `socket,path=${socket},server=on,wait=off,id=c`],
    ...['--monitor', 'chardev=c'],
  ]);
}

/** The agent would act on this very host, so what could harm it is forbidden. */
const harmful = [
  ...['guest-shutdown', 'guest-suspend-disk', 'guest-suspend-ram', 'guest-suspend-hybrid', 'guest-set-time'],
  ...['guest-fsfreeze-freeze', 'guest-fsfreeze-freeze-list', 'guest-fstrim', 'guest-set-user-password'],
  ...[
    'guest-set-vcpus',
    'guest-set-memory-blocks',
    'guest-ssh-add-authorized-keys',
    'guest-ssh-remove-authorized-keys',
  ],
];

export function startGuestAgent(program = guestAgentProgram()): Promise<ServerProcess> {
  return startServer(program, (socket, folder) => [
    ...['-m', 'unix-listen', '-p', socket, '-t', folder, '-f', join(folder, 'pid')],
    ...['-b', harmful.join(',')],
  ]);
}

/** Debian installs it where only root's PATH looks. */
function guestAgentProgram(): string {
  return existsSync('/usr/sbin/qemu-ga') ? '/usr/sbin/qemu-ga' : 'qemu-ga';
}
