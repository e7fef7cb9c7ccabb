import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import type { Connection, ServerChannel, Session } from 'ssh2';
import ssh2 from 'ssh2';
import { FaultyLink } from './faulty-link.ts';

/** Answers one `exec` request: writes to the channel, then `channel.exit(…)` and `channel.end()`. */
export type ExecHandler = (command: string, channel: ServerChannel) => void;

/** Who may log in to a fake SSH server, and what it runs. */
export interface FakeSshServerOptions {
  /** In OpenSSH's format. */
  readonly hostPrivateKey: string;
  /** Lines of authorized_keys; without any, every login is refused. */
  readonly authorizedKeys: readonly string[];
  /** The only user; default `debian`. */
  readonly user?: string;
  /** Default: runs the command with this host's `shell`, `PATH` and `HOME` as given in `environment`. */
  readonly onExec?: ExecHandler;
  /** Runs the commands; Windows has none of this name, and each command ends with 127 there. Default `/bin/sh`. */
  readonly shell?: string;
  /** Put over this process's environment for commands. */
  readonly environment?: Readonly<Record<string, string>>;
  /** TCP ports that are open in the guest, each with the port of this host that answers for it; all others are closed. */
  readonly openPorts?: Readonly<Record<number, number>>;
  /** Sessions per connection beyond which an open is refused, as OpenSSH's MaxSessions; default 10. */
  readonly maxSessions?: number;
}

/** See fake-ssh-server.md for what it does and what it leaves out. */
export class FakeSshServer implements AsyncDisposable {
  readonly user: string;
  /** What stands between the server and its clients; its faults are the network's. */
  readonly link: FaultyLink;
  /** Every `exec` request, in the order in which they came. */
  readonly requests: string[] = [];
  /** The most sessions that were open on one connection at once. */
  mostSessions = 0;
  /** Logins that succeeded. */
  logins = 0;
  readonly #connections = new Set<Connection>();
  readonly #options: FakeSshServerOptions;
  readonly #inner: ssh2.Server;
  /** Process groups of commands that still run: as with sshd they outlive their connection, but not this server. */
  readonly #groups = new Set<number>();
  #loginsRefused = false;
  #cutOnExec = 0;

  private constructor(options: FakeSshServerOptions, inner: ssh2.Server, link: FaultyLink) {
    this.#options = options;
    this.#inner = inner;
    this.user = options.user ?? 'debian';
    this.link = link;
    inner.on('connection', (connection) => this.#take(connection));
  }

  static async start(options: FakeSshServerOptions): Promise<FakeSshServer> {
    const inner = new ssh2.Server({ hostKeys: [options.hostPrivateKey] });
    inner.listen(0, '127.0.0.1');
    await once(inner, 'listening');
    return new FakeSshServer(options, inner, await FaultyLink.to((inner.address() as AddressInfo).port));
  }

  get host(): string {
    return this.link.host;
  }

  get port(): number {
    return this.link.port;
  }

  /** Resets the connection on each of the next so many `exec` requests, before they are answered: the command never ran. */
  cutOnExec(times: number): void {
    this.#cutOnExec = times;
  }

  /** From now on (or no longer) every key is refused, as before cloud-init has made the user. */
  refuseLogins(refused: boolean): void {
    this.#loginsRefused = refused;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]();
    for (const connection of this.#connections) connection.end();
    for (const pid of this.#groups) killGroup(pid);
    const closed = once(this.#inner, 'close');
    this.#inner.close();
    await closed;
  }

  #take(connection: Connection): void {
    this.#connections.add(connection);
    connection.on('error', () => undefined); // `close` follows
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('authentication', (attempt) => {
      const known =
        attempt.method === 'publickey' &&
        attempt.username === this.user &&
        !this.#loginsRefused &&
        this.#options.authorizedKeys.some((line) => line.split(' ')[1] === attempt.key.data.toString('base64'));
      if (known) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('tcpip', (accept, reject, { destPort }) => {
      const port = this.#options.openPorts?.[destPort];
      if (port === undefined) return reject();
      const channel = accept();
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => channel.close());
      channel.on('error', () => socket.destroy());
      channel.on('close', () => socket.destroy());
      socket.pipe(channel).pipe(socket);
    });
    connection.on('ready', () => {
      this.logins++;
      let sessions = 0;
      connection.on('session', (accept, reject) => {
        if (sessions >= (this.#options.maxSessions ?? 10)) return reject();
        sessions++;
        this.mostSessions = Math.max(this.mostSessions, sessions);
        const session = accept();
        session.on('close', () => sessions--);
        this.#serve(session);
      });
    });
  }

  #serve(session: Session): void {
    session.on('pty', (accept) => accept?.());
    session.on('exec', (accept, _reject, info) => {
      this.requests.push(info.command);
      if (this.#cutOnExec > 0) {
        this.#cutOnExec--;
        this.link.cut();
        return;
      }
      const channel = accept();
      channel.on('error', () => undefined); // its connection was cut
      (this.#options.onExec ?? this.#runHere)(info.command, channel);
    });
  }

  readonly #runHere: ExecHandler = (command, channel) => {
    const environment = { ...process.env, ...this.#options.environment };
    // A session of its own, as sshd gives to each command.
    const shell = this.#options.shell ?? '/bin/sh';
    const child = spawn(shell, ['-c', command], { env: environment, detached: true, stdio: 'pipe' });
    const group = child.pid;
    if (group !== undefined) {
      this.#groups.add(group);
      child.on('close', () => this.#groups.delete(group));
    }
    channel.pipe(child.stdin);
    child.stdin.on('error', () => undefined); // the command need not read its input
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on('close', () => child.stdin.destroy());
    // As sshd does it: the status is sent when the command ends, the end of the output when no process holds it any more.
    child.on('exit', (code, signal) => {
      if (code === null) channel.exit((signal ?? 'KILL').replace(/^SIG/, ''));
      else channel.exit(code);
    });
    child.on('error', ({ message }) => {
      channel.stderr.write(`${message}\n`);
      channel.exit(127); // as of a command that is not there
      channel.end();
    });
    child.on('close', () => channel.end());
  };
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // it ended by itself in between
  }
}
