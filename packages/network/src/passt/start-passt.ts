import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import {
  GoqemuError,
  hostProcessTable,
  lastingEnvironment,
  type ProcessIdentity,
  removeFile,
  sleep,
  withDeadline,
} from '@goqemu/core';
import { endPasst } from './end-passt.ts';

export interface StartPasstOptions {
  /** Absolute path of passt. */
  readonly program: string;
  /** Where it meets its QEMU: at a Unix socket that QEMU listens on, or at one of its own. */
  readonly meet: { readonly qemu: string } | { readonly socket: string };
  /** What it says is written here; truncated at each start. */
  readonly log: string;
  /** Ports of this host's loopback that are forwarded to ports of the guest: by TCP, or by UDP. */
  readonly forwards: readonly { readonly protocol?: 'udp'; readonly host: number; readonly guest: number }[];
  readonly uid: number | undefined;
  /** Milliseconds. @default 5_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Starts passt(1) for one machine. It serves one QEMU and ends with it, however that ends (`--one-off`).
 *
 * @throws GoqemuError `passt-failed` with its own words; `timeout`
 */
export async function startPasst(options: StartPasstOptions): Promise<ProcessIdentity> {
  const { program, meet, log, timeoutMs = 5_000, signal } = options;
  if ('socket' in meet) await removeFile(meet.socket);
  await untilPortsAreFree(options);
  const wire = 'qemu' in meet ? await dial(meet.qemu) : undefined;
  const output = await open(log, 'w', 0o600);
  let exited: string | undefined;
  let pid: number | undefined;
  try {
    const child = spawn(program, passtArguments(options), {
      detached: true,
      env: lastingEnvironment(),
      stdio: ['ignore', output.fd, output.fd, ...(wire ? [wire] : [])],
    });
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
    wire?.destroy(); // passt has its own copy
  }
  const identity = pid === undefined ? undefined : await hostProcessTable().identify(pid);
  try {
    await withDeadline('starting passt', timeoutMs, signal, async (inner) => {
      while (!(await isReady(options))) {
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

function passtArguments({ meet, forwards, uid }: StartPasstOptions): string[] {
  return [
    '--foreground',
    '--one-off',
    ...('socket' in meet ? ['--socket', meet.socket] : ['--fd', '3']),
    // Run by root it would become "nobody", who may not enter the socket's folder; it drops its capabilities either way.
    ...(uid === 0 ? ['--runas', '0'] : []),
    ...forwards.flatMap(({ protocol = 'tcp', host, guest }) => [`--${protocol}-ports`, `127.0.0.1/${host}:${guest}`]),
  ];
}

/** It listens last of all on its own socket, and else on the forwarded ports. */
async function isReady({ meet, forwards }: StartPasstOptions): Promise<boolean> {
  if ('socket' in meet) {
    return stat(meet.socket).then(
      (found) => found.isSocket(),
      () => false,
    );
  }
  const ports = await listeningPorts();
  return forwards.every(({ protocol, host }) => protocol === 'udp' || ports.has(host));
}

/**
 * The passt of a machine's former QEMU ends a moment after that one. As long as it listens, the new one could not, and
 * would be taken for ready. Another program that has a port keeps it, and passt says so.
 */
async function untilPortsAreFree({ forwards, signal }: StartPasstOptions): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < formerMs; await sleep(5, signal)) {
    const ports = await listeningPorts();
    if (!forwards.some(({ protocol, host }) => !protocol && ports.has(host))) return;
  }
}

const formerMs = 2_000;

/** proc(5), /proc/net/tcp: the local address in hexadecimal, and the state, of which 0A is listening. */
async function listeningPorts(): Promise<ReadonlySet<number>> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  const listening = lines.filter(([, , , state]) => state === '0A');
  return new Set(listening.map(([, local]) => Number.parseInt(local?.split(':')[1] ?? '', 16)));
}

/** A connection that is not read from here. */
async function dial(path: string): Promise<Socket> {
  const socket = new Socket().pause();
  socket.connect(path);
  await once(socket, 'connect');
  return socket;
}

async function passtFailed(how: string, log: string): Promise<GoqemuError> {
  const text = await readFile(log, 'utf8').catch(() => '');
  // Without a syslog daemon it complains about every line that it cannot send there.
  const words = text.split('\n').filter((line) => line.trim() && !/^Failed to send \d+ bytes to syslog/.test(line));
  return new GoqemuError({
    code: 'passt-failed',
    source: 'environment',
    message: `passt did not start: ${how}`,
    detail: words.slice(-5).join('\n') || 'it said nothing',
    hint: "fix the reported problem, or use network: 'user'",
  });
}
