import type { ListenOptions } from 'node:net';
import { LineSplitter } from '@goqemu/protocol';
import { builtInCommands } from './built-in-commands.ts';
import { Chardev, type ChardevFaults } from './chardev.ts';
import { FakeJobs } from './fake-jobs.ts';
import type { FakeArguments, FakeMonitor, FakeQmpHandler } from './fake-qmp-command.ts';
import { commandNotFound, FakeQmpError } from './fake-qmp-error.ts';

/** What goes wrong with a fake QMP server. */
export interface FakeQmpFaults extends ChardevFaults {
  /** Take the client, but never greet it. */
  noGreeting?: boolean;
  /** Commands whose replies never come; what they do is done. */
  mute?: ReadonlySet<string>;
}

/** Where a fake QMP server listens, and what it answers. */
export interface FakeQmpServerOptions {
  /** `{ path }`, or `{ host, port }`; default a free port on loopback. */
  readonly listen?: ListenOptions;
  readonly version?: { readonly major: number; readonly minor: number; readonly micro: number };
  readonly package?: string;
  /** Commands beside the built-in ones, or in their place. */
  readonly commands?: Readonly<Record<string, FakeQmpHandler>>;
  readonly faults?: FakeQmpFaults;
}

/** A command that a fake QMP server has received. */
export interface ReceivedCommand {
  readonly execute: string;
  readonly arguments: FakeArguments;
  readonly oob: boolean;
}

interface Request {
  readonly command: string;
  readonly oob: boolean;
  readonly args: FakeArguments;
  readonly id: unknown;
}

/**
 * A QMP monitor without a machine; its behaviour is described in README.md beside this file, and the same tests
 * that check it run against a real QEMU.
 *
 * @example
 * await using server = await FakeQmpServer.listen({ commands: { 'query-name': () => ({ name: 'web' }) } });
 * const qmp = await QmpClient.connect(server.address);
 */
export class FakeQmpServer implements FakeMonitor, AsyncDisposable {
  readonly version: { readonly major: number; readonly minor: number; readonly micro: number };
  readonly package: string;
  /** May be changed at any time. */
  readonly faults: FakeQmpFaults;
  /** Every command that was understood, in order. */
  readonly received: ReceivedCommand[] = [];
  readonly jobs: FakeJobs;
  /** What `query-status` tells; `stop` and `cont` change it. */
  running = true;
  readonly #handlers: Map<string, FakeQmpHandler>;
  #chardev: Chardev | undefined;
  #lines: LineSplitter | undefined;
  #negotiated = false;
  #oob = false;
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: FakeQmpServerOptions) {
    this.version = options.version ?? { major: 7, minor: 2, micro: 22 };
    this.package = options.package ?? 'fake';
    this.faults = options.faults ?? {};
    this.jobs = new FakeJobs((event, data) => this.emit(event, data));
    this.#handlers = new Map(Object.entries({ ...builtInCommands, ...options.commands }));
  }

  static async listen(options: FakeQmpServerOptions = {}): Promise<FakeQmpServer> {
    const server = new FakeQmpServer(options);
    const owner = {
      opened: () => server.#greet(),
      received: (bytes: Buffer) => void server.#lines?.push(bytes),
      closed: () => {
        server.#negotiated = false;
      },
    };
    server.#chardev = await Chardev.listen(options.listen ?? { host: '127.0.0.1', port: 0 }, owner, server.faults);
    return server;
  }

  get address(): { path: string } | { host: string; port: number } {
    return this.#listening.address;
  }

  /** True while a client is being served. */
  get connected(): boolean {
    return this.#listening.connected;
  }

  /** How many clients wait, without a greeting. */
  get waiting(): number {
    return this.#listening.waiting;
  }

  /** What was sent and is still in this process, because the client does not read. */
  get unsentBytes(): number {
    return this.#listening.unsentBytes;
  }

  /** Names of the commands that are there. */
  get commandNames(): string[] {
    return [...this.#handlers.keys()];
  }

  /** Adds a command, or replaces it. */
  handle(command: string, handler: FakeQmpHandler): void {
    this.#handlers.set(command, handler);
  }

  /** Sends an event to a client that has negotiated; others do not get any. */
  emit(event: string, data?: object): void {
    if (!this.#negotiated) return;
    const now = Date.now();
    const timestamp = { seconds: Math.floor(now / 1000), microseconds: (now % 1000) * 1000 };
    this.#write({ timestamp, event, ...(data ? { data } : {}) });
  }

  /** Sends bytes as they are: half a line, garbage, another protocol. */
  sendRaw(bytes: string | Uint8Array): void {
    this.#listening.send(bytes);
  }

  /** Hangs up on the client, after what was sent so far. */
  hangUp(): void {
    this.#listening.hangUp();
  }

  async close(): Promise<void> {
    await this.#listening.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #listening(): Chardev {
    if (!this.#chardev) throw new Error('the fake QMP server does not listen yet');
    return this.#chardev;
  }

  #greet(): void {
    this.#negotiated = false;
    this.#oob = false;
    this.#turn = Promise.resolve();
    this.#lines = new LineSplitter((line) => this.#line(line));
    const version = { qemu: this.version, package: this.package };
    if (!this.faults.noGreeting) this.#write({ QMP: { version, capabilities: ['oob'] } });
  }

  #line(line: Buffer): void {
    if (line.toString('latin1').trim() === '') return;
    let request: Request;
    try {
      request = readRequest(line, this.#oob);
    } catch (error) {
      // Errors of reading keep their place among the replies.
      this.#turn = this.#turn.then(() => this.#fail((error as { id?: unknown }).id, error));
      return;
    }
    if (request.oob) void this.#run(request);
    else this.#turn = this.#turn.then(() => this.#run(request));
  }

  async #run(request: Request): Promise<void> {
    const { command, args, id } = request;
    try {
      const result = await this.#execute(request);
      if (!this.faults.mute?.has(command)) this.#write({ return: result ?? {}, ...idField(id) });
      if (command === 'quit') this.hangUp();
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.received.push({ execute: command, arguments: args, oob: request.oob });
    }
  }

  #execute({ command, args }: Request): unknown {
    if (command === 'qmp_capabilities') return this.#negotiate(args);
    if (!this.#negotiated) {
      throw new FakeQmpError("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound');
    }
    const handler = this.#handlers.get(command);
    if (!handler) throw commandNotFound(command);
    return handler(args, this);
  }

  #negotiate(args: FakeArguments): void {
    if (this.#negotiated) {
      throw new FakeQmpError('Capabilities negotiation is already complete, command ignored', 'CommandNotFound');
    }
    const wanted = Array.isArray(args.enable) ? args.enable : [];
    const unknown = wanted.find((name) => name !== 'oob');
    if (unknown !== undefined) throw new FakeQmpError(`Parameter 'enable' does not accept value '${unknown}'`);
    this.#negotiated = true;
    this.#oob = wanted.includes('oob');
  }

  #fail(id: unknown, error: unknown): void {
    const { errorClass = 'GenericError', message } = error as FakeQmpError;
    this.#write({ ...idField(id), error: { class: errorClass, desc: message } });
  }

  #write(message: object): void {
    this.#chardev?.send(`${JSON.stringify(message)}\r\n`);
  }
}

function idField(id: unknown): { id?: unknown } {
  return id === undefined ? {} : { id };
}

/** The checks of QEMU's dispatcher, in its order and its words. */
function readRequest(line: Buffer, oobAllowed: boolean): Request {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw new FakeQmpError('JSON parse error, stray input');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FakeQmpError('QMP input must be a JSON object');
  }
  const { execute, 'exec-oob': execOob, arguments: args = {}, id, ...rest } = value as Record<string, unknown>;
  const unexpected =
    Object.keys(rest)[0] ?? (execOob !== undefined && (!oobAllowed || execute !== undefined) ? 'exec-oob' : undefined);
  if (unexpected !== undefined) throw withId(id, `QMP input member '${unexpected}' is unexpected`);
  const command = execute ?? execOob;
  if (command === undefined) throw withId(id, "QMP input lacks member 'execute'");
  if (typeof command !== 'string') throw withId(id, "QMP input member 'execute' must be a string");
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw withId(id, "QMP input member 'arguments' must be an object");
  }
  return { command, oob: execOob !== undefined, args: args as FakeArguments, id };
}

function withId(id: unknown, description: string): FakeQmpError {
  return Object.assign(new FakeQmpError(description), { id });
}
