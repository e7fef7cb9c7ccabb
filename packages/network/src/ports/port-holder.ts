import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { askPowerShell, type HostSystem } from '@goqemu/core';
import { type HostPort, portNumber } from '@goqemu/spec';
import { linuxSockets, socketTables } from './linux-sockets.ts';

type Protocol = 'tcp' | 'udp';

const run = promisify(execFile);

/** Who listens on a port, as far as this user may know. */
export interface PortHolder {
  readonly pid: number;
  /** Name or command line of the process. */
  readonly command: string;
}

/**
 * The process that listens on a port of this host; undefined when there is none or the host does not tell
 * (on Linux only root sees the processes of other users).
 */
export async function portHolder(port: HostPort, system: HostSystem): Promise<PortHolder | undefined> {
  const number = portNumber(port);
  const protocol = port === number ? 'tcp' : 'udp';
  if (system === 'linux') return linuxHolder(number, protocol);
  // A missing tool or a refusal is an answer, too: the host does not tell.
  return (system === 'darwin' ? macHolder : windowsHolder)(number, protocol).catch(() => undefined);
}

/** proc(5): the tables of /proc/net name the socket of a listener, /proc/PID/fd who has it. */
async function linuxHolder(port: number, protocol: Protocol): Promise<PortHolder | undefined> {
  const links = new Set(
    (await linuxSockets(port, socketTables(protocol))).filter(({ listens }) => listens).map(({ link }) => link),
  );
  if (links.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []); // another user's, or gone
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (!links.has(target)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: line.replaceAll('\0', ' ').trim() };
    }
  }
  return undefined;
}

/** lsof(8): -F prints one field per line, p for the process and c for its command. */
async function macHolder(port: number, protocol: Protocol): Promise<PortHolder | undefined> {
  const { stdout } = await run('lsof', [
    '-nP',
    ...(protocol === 'tcp' ? [`-iTCP:${port}`, '-sTCP:LISTEN'] : [`-iUDP:${port}`]),
    '-Fpc',
  ]);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid ? { pid: Number(pid), command: /^c(.*)$/m.exec(stdout)?.[1] ?? '' } : undefined;
}

async function windowsHolder(port: number, protocol: Protocol): Promise<PortHolder | undefined> {
  const sockets = protocol === 'tcp' ? 'Get-NetTCPConnection -State Listen' : 'Get-NetUDPEndpoint';
  const query = `$c = ${sockets} -LocalPort ${Number(port)} -ErrorAction SilentlyContinue | Select-Object -First 1; if ($c) { $c.OwningProcess; (Get-Process -Id $c.OwningProcess).ProcessName }`;
  const stdout = await askPowerShell(query);
  const [pid, command] = (stdout ?? '').trim().split(/\r?\n/);
  return pid ? { pid: Number(pid), command: command ?? '' } : undefined;
}
