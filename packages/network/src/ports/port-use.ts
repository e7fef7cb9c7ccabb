import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { GoqemuError, hostPlatform, systemErrorCode } from '@goqemu/core';
import { type HostPort, portNumber } from '@goqemu/spec';
import { linuxSockets, socketTables } from './linux-sockets.ts';
import type { PortHolder } from './port-holder.ts';

/** Why a port cannot be had. */
export interface PortUse {
  readonly port: HostPort;
  readonly reason: 'taken' | 'not-permitted';
  /** Undefined when the host does not tell. */
  readonly holder: PortHolder | undefined;
}

/**
 * Undefined when a port of this host's loopback can be listened on now. It may be taken a moment later.
 *
 * A mere check must not get in the way of a machine that takes the port at that moment, nor of another check: so on
 * Linux the kernel's tables are read. Where they do not decide (a listener on IPv6 alone or on both, a privileged port, a
 * connection that goes out from that port), for UDP, and on the other systems, it is tried.
 */
export async function portUse(port: HostPort, tables?: Promise<readonly string[]>): Promise<PortUse | undefined> {
  const failure =
    typeof port === 'number'
      ? ((await lookAtTables(port, tables)) ?? (await tryToListen(port)))
      : await tryToReceive(portNumber(port));
  if (failure === 'free') return undefined;
  if (failure === 'EACCES') return { port, reason: 'not-permitted', holder: undefined };
  const { portHolder } = await import('./port-holder.ts'); // late: hardly any port that is asked for is taken
  return { port, reason: 'taken', holder: await portHolder(port, hostPlatform().system) };
}

/** Those of the ports that cannot be had, as `portUse` tells of one. */
export async function portUses(ports: readonly HostPort[]): Promise<readonly PortUse[]> {
  const tables = ports.length > 0 && hostPlatform().system === 'linux' ? socketTables() : undefined;
  const uses = await Promise.all(ports.map((port) => portUse(port, tables)));
  return uses.filter((use) => use !== undefined);
}

/** Undefined when the tables do not decide. */
async function lookAtTables(
  port: number,
  tables: Promise<readonly string[]> | undefined,
): Promise<'EADDRINUSE' | 'free' | undefined> {
  if (hostPlatform().system !== 'linux') return undefined;
  const sockets = await linuxSockets(port, tables);
  if (sockets.some(({ holdsLoopback, listens }) => holdsLoopback && listens)) return 'EADDRINUSE';
  return sockets.length === 0 && port > lastPrivileged ? 'free' : undefined;
}

/** ip(7), ip_unprivileged_port_start: a host may allow lower ones; that is tried. */
const lastPrivileged = 1023;

/** A free port of the loopback, of the host's choice. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * The first of several ports that is free and not among those that are spoken for.
 *
 * @throws GoqemuError `no-free-port` when none is
 * @example
 * const port = await firstFreePort(candidatePorts('web/ssh'), new Set([22001]));
 */
export async function firstFreePort(
  candidates: Iterable<number>,
  spokenFor: ReadonlySet<number> = new Set(),
  protocol: 'tcp' | 'udp' = 'tcp',
): Promise<number> {
  let tried = 0;
  for (const port of candidates) {
    if (spokenFor.has(port)) continue;
    tried++;
    if ((await portUse(protocol === 'udp' ? `udp:${port}` : port)) === undefined) return port;
  }
  throw new GoqemuError({
    code: 'no-free-port',
    source: 'environment',
    message: 'no port of this host is free',
    detail: `tried ${tried}`,
    hint: 'end what listens there, or give a wider range',
  });
}

/** The error of a port that was asked for by number and cannot be had. */
export function portTaken(use: PortUse, option: string): GoqemuError {
  const { port, holder } = use;
  const by = holder ? ` by process ${holder.pid} (${shortened(holder.command)})` : '';
  return new GoqemuError({
    code: 'port-taken',
    source: 'user',
    subject: option,
    message:
      use.reason === 'taken'
        ? `${option}: ${portText(port)} is taken${by}`
        : `${option}: this user may not listen on ${portText(port)}`,
    hint: use.reason === 'taken' ? 'end that process, or choose another port' : 'choose a port above 1023',
    data: { port: portNumber(port), ...(holder ? { pid: holder.pid, command: holder.command } : {}) },
  });
}

/** `port 8080`, `UDP port 5353`. */
export function portText(port: HostPort): string {
  return typeof port === 'number' ? `port ${port}` : `UDP port ${portNumber(port)}`;
}

function shortened(command: string): string {
  return command.length > 60 ? `${command.slice(0, 60)}…` : command;
}

async function tryToReceive(port: number): Promise<'EADDRINUSE' | 'EACCES' | 'free'> {
  const { createSocket } = await import('node:dgram'); // late: hardly any port is one of UDP
  const socket = createSocket('udp4');
  socket.bind({ port, address: '127.0.0.1', exclusive: true });
  try {
    await once(socket, 'listening');
    return 'free';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EADDRINUSE' || code === 'EACCES') return code;
    throw error;
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}

async function tryToListen(port: number): Promise<'EADDRINUSE' | 'EACCES' | 'free'> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EADDRINUSE' || code === 'EACCES') return code;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return 'free';
}
