import { spawn } from 'node:child_process';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { GoqemuError, hostProcessTable, type ProcessIdentity, sleep, withDeadline } from '@goqemu/core';
import { endPasst } from './end-passt.ts';

export interface StartPasstOptions {
  /** Absolute path of passt. */
  readonly program: string;
  /** Unix socket that QEMU meets it at; at most 107 bytes. */
  readonly socket: string;
  /** What it says is written here anew. */
  readonly log: string;
  /** TCP ports of this host's loopback that lead to ports of the guest. */
  readonly forwards: readonly { readonly host: number; readonly guest: number }[];
  readonly uid: number | undefined;
  /** Milliseconds; 5,000 unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Starts passt(1) for one machine. It serves one QEMU and ends with it, however that ends (`--one-off`).
 *
 * @throws GoqemuError `passt-failed` with its own words; `timeout`
 */
export async function startPasst(options: StartPasstOptions): Promise<ProcessIdentity> {
  const { program, socket, log, timeoutMs = 5_000, signal } = options;
  await rm(socket, { force: true });
  const output = await open(log, 'w', 0o600);
  let exited: string | undefined;
  let pid: number | undefined;
  try {
    const child = spawn(program, passtArguments(options), { detached: true, stdio: ['ignore', output.fd, output.fd] });
    child.once('error', (error) => {
      exited = error.message;
    });
    child.once('exit', (code, end) => {
      exited ??= code === null ? `it was ended by ${end}` : `it ended with ${code}`;
    });
    child.unref();
    pid = child.pid;
  } finally {
    await output.close();
  }
  const identity = pid === undefined ? undefined : await hostProcessTable().identify(pid);
  try {
    await withDeadline('starting passt', timeoutMs, signal, async (inner) => {
      while (!(await isSocket(socket))) {
        if (exited !== undefined || !identity) throw await passtFailed(exited ?? 'it could not be started', log);
        await sleep(10, inner);
      }
    });
  } catch (error) {
    if (identity) await endPasst(identity);
    throw error;
  }
  if (identity) return identity;
  throw await passtFailed('it could not be started', log);
}

function passtArguments({ socket, forwards, uid }: StartPasstOptions): string[] {
  return [
    '--foreground',
    '--one-off',
    ...['--socket', socket],
    // Run by root it would become "nobody", who may not enter the socket's folder; it drops its capabilities either way.
    ...(uid === 0 ? ['--runas', '0'] : []),
    ...forwards.flatMap(({ host, guest }) => ['--tcp-ports', `127.0.0.1/${host}:${guest}`]),
  ];
}

const isSocket = (path: string) =>
  stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );

async function passtFailed(how: string, log: string): Promise<GoqemuError> {
  const text = await readFile(log, 'utf8').catch(() => '');
  // Without a syslog daemon it complains about every line that it cannot send there.
  const words = text.split('\n').filter((line) => line.trim() && !/^Failed to send \d+ bytes to syslog/.test(line));
  return new GoqemuError({
    code: 'passt-failed',
    source: 'environment',
    message: `passt did not start: ${how}`,
    detail: words.slice(-5).join('\n') || 'it said nothing',
    hint: "mend what it says, or do without it: network: 'user'",
  });
}
