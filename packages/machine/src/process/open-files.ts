import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { askPowerShell } from '@goqemu/core';

/** Loaded with the first question: a plan asks none. */
async function run(command: string, args: readonly string[]) {
  const { execFile } = await import('node:child_process');
  return promisify(execFile)(command, args);
}

/** A Unix or TCP socket that a process has open. */
export interface HeldSocket {
  /** Tells one socket from every other of this host. */
  readonly id: string;
  readonly fd?: number;
  /** The path that it is bound to, as the process wrote it; an accepted connection has that of its listener. */
  readonly path?: string;
  /** The TCP port of this end. */
  readonly port?: number;
}

export interface ProcessFiles {
  readonly workingFolder?: string;
  readonly sockets: readonly HeldSocket[];
}

/** How a host tells what its processes have open; injected in tests. */
export interface OpenFiles {
  /** Undefined when there is no such process, or it is another user's and the host does not show it. */
  of(pid: number): Promise<ProcessFiles | undefined>;
}

export function hostOpenFiles(platform: NodeJS.Platform = process.platform): OpenFiles {
  if (platform === 'linux') return linuxOpenFiles;
  return platform === 'win32' ? windowsOpenFiles : posixOpenFiles;
}

/** proc(5): /proc/PID/fd names each socket by its inode; net/unix and net/tcp list those of its network namespace. */
const linuxOpenFiles: OpenFiles = {
  async of(pid) {
    const folder = `/proc/${pid}`;
    const names = await readdir(`${folder}/fd`).catch(() => undefined);
    if (!names) return undefined;
    const tables = ['unix', 'tcp', 'tcp6'].map((table) => readFile(`${folder}/net/${table}`, 'utf8').catch(() => ''));
    const [unix = '', ...tcp] = await Promise.all(tables);
    const bound = new Map([...unixSockets(unix), ...tcp.flatMap(tcpSockets)]);
    const links = await Promise.all(names.map((name) => readlink(`${folder}/fd/${name}`).catch(() => '')));
    const sockets = links.flatMap((link, index): HeldSocket[] => {
      const id = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      const place = id === undefined ? undefined : bound.get(id);
      return id === undefined || !place ? [] : [{ id, fd: Number(names[index]), ...place }];
    });
    const workingFolder = await readlink(`${folder}/cwd`).catch(() => undefined);
    return { sockets, ...(workingFolder === undefined ? {} : { workingFolder }) };
  },
};

type Place = Pick<HeldSocket, 'path' | 'port'>;

/** `Num RefCount Protocol Flags Type St Inode Path`. */
function unixSockets(table: string): [string, Place][] {
  return [...table.matchAll(/^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/gm)].map(([, id = '', path = '']) => [
    id,
    { path },
  ]);
}

/** `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`, addresses and ports in hexadecimal. */
function tcpSockets(table: string): [string, Place][] {
  return [...table.matchAll(/^ *\d+: [\dA-F]+:([\dA-F]+) (?:\S+ +){7}(\d+)/gm)].map(([, port = '', id = '']) => [
    id,
    { port: Number.parseInt(port, 16) },
  ]);
}

/** lsof(8), which macOS brings along. */
const posixOpenFiles: OpenFiles = {
  async of(pid) {
    const { stdout } = await run('lsof', ['-nP', '-p', String(pid), '-F', 'ftdn']).catch(() => ({ stdout: '' }));
    return stdout === '' ? undefined : readLsof(stdout);
  },
};

/** Each file begins with its descriptor; a letter at the head of each line says what the line is. */
export function readLsof(text: string): ProcessFiles {
  const files = text.split(/^(?=f)/m).map((part) => {
    const field = (letter: string) => new RegExp(`^${letter}(.*)$`, 'm').exec(part)?.[1] ?? '';
    return { fd: field('f'), type: field('t'), device: field('d'), name: field('n') };
  });
  const workingFolder = files.find(({ fd }) => fd === 'cwd')?.name;
  const sockets = files.flatMap(({ fd, type, device, name }): HeldSocket[] => {
    const held = { id: device, fd: Number(fd) };
    if (type === 'unix') return name.startsWith('->') ? [] : [{ ...held, path: name }];
    const port = /^IPv[46]$/.test(type) ? /:(\d+)(?:->|$)/.exec(name)?.[1] : undefined;
    // Of a TCP socket lsof gives no name that is the same for both looks but its two addresses.
    return port === undefined ? [] : [{ ...held, id: name, port: Number(port) }];
  });
  return { sockets, ...(workingFolder === undefined ? {} : { workingFolder }) };
}

const windowsOpenFiles: OpenFiles = {
  async of(pid) {
    const query = `Get-NetTCPConnection -OwningProcess ${Number(pid)} | ForEach-Object { "$($_.LocalPort) $($_.RemoteAddress) $($_.RemotePort)" }`;
    const stdout = (await askPowerShell(query).catch(() => undefined)) ?? '';
    return stdout.trim() === '' ? undefined : { sockets: readTcpConnections(stdout) };
  },
};

/** `LOCALPORT REMOTEADDRESS REMOTEPORT` a line; a listener's remote port is 0. */
export function readTcpConnections(text: string): HeldSocket[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((id) => ({ id, port: Number.parseInt(id, 10) }));
}
