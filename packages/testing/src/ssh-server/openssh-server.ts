import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '@goqemu/core';

/** Who may log in to a real OpenSSH server of a test, and its configuration. */
export interface OpensshServerOptions {
  /** In OpenSSH's format. */
  readonly hostPrivateKey: string;
  /** Lines of authorized_keys. */
  readonly authorizedKeys: readonly string[];
  /** Further lines of sshd_config. */
  readonly settings?: readonly string[];
}

/** A real sshd (Debian's package openssh-server) on loopback, with a throw-away configuration, run by and for this user. */
export interface OpensshServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Ends sshd and every session of it. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends the processes of the sessions but not the listener, as when a connection breaks. */
  cutSessions(): Promise<void>;
}

/** Starts a real sshd of this host for a test, with keys and a configuration of its own. */
export async function startOpensshServer(options: OpensshServerOptions): Promise<OpensshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-sshd-'));
  const port = await freePort();
  const hostKeyFile = join(folder, 'host_key');
  await writeFile(hostKeyFile, options.hostPrivateKey, { mode: 0o600 });
  await writeFile(join(folder, 'authorized_keys'), `${options.authorizedKeys.join('\n')}\n`);
  await mkdir(join(folder, 'home'));
  await chmod(folder, 0o755);
  const configuration = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
    // The start files of this user's shell are this host's: they can take a second, and print what they like.
    `SetEnv HOME=${join(folder, 'home')}`,
    ...(options.settings ?? []),
  ];
  if (process.getuid?.() === 0) makeFolders('/run/sshd', { mode: 0o755 }); // as its systemd unit does
  const configurationFile = join(folder, 'sshd_config');
  await writeFile(configurationFile, `${configuration.join('\n')}\n`);
  let daemon: ChildProcess | undefined;
  const start = async () => {
    // -D keeps it in the foreground, -e sends its log to stderr; sshd insists on an absolute path.
    daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', configurationFile], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    daemon.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-4000);
    });
    await untilListening(port, daemon, () => log);
  };
  const stop = async () => {
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    const sessions = await childrenOf(daemon.pid ?? 0);
    daemon.kill('SIGTERM');
    await ended;
    for (const pid of sessions) killQuietly(pid);
  };
  await start();
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    start,
    stop,
    async cutSessions() {
      for (const pid of await childrenOf(daemon?.pid ?? 0)) killQuietly(pid);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The sessions, and with privilege separation their children, which own the connection. */
async function childrenOf(pid: number): Promise<number[]> {
  const list = spawn('ps', ['-e', '-o', 'pid=,ppid=,comm='], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  list.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  await once(list, 'close');
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const direct = rows.filter(([, parent]) => Number(parent) === pid).map(([child]) => Number(child));
  const second = rows.filter(([, parent, name]) => direct.includes(Number(parent)) && name?.startsWith('sshd'));
  return [...direct, ...second.map(([child]) => Number(child))];
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself in between
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilListening(port: number, daemon: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (daemon.exitCode !== null) throw new Error(`sshd ended with ${daemon.exitCode}: ${log()}`);
    const socket = connect({ host: '127.0.0.1', port });
    const reached = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd did not listen on port ${port}: ${log()}`);
}
