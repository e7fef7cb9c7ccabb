import type { ListenOptions } from 'node:net';
import { LineSplitter } from '@goqemu/protocol';
import { Chardev, type ChardevFaults } from '../qmp-server/chardev.ts';
import type { AgentArguments, AgentHandler, FakeGuestState } from './agent-command.ts';
import { agentCommands, allowedWhileFrozen, silentCommands } from './agent-commands.ts';
import { AgentError } from './agent-error.ts';
import { GuestFiles } from './guest-files.ts';
import { GuestPrograms, type Program } from './guest-programs.ts';

/** What goes wrong with a fake guest agent. */
export interface FakeGuestAgentFaults extends ChardevFaults {
  /** Commands whose replies are kept back this many milliseconds. */
  delays?: Readonly<Record<string, number>>;
  /** Commands whose replies never come; what they do is done. */
  mute?: ReadonlySet<string>;
}

/** Where a fake guest agent listens, and what it answers. */
export interface FakeGuestAgentOptions {
  /** `{ path }`, or `{ host, port }`; default a free port on loopback. */
  readonly listen?: ListenOptions;
  readonly version?: string;
  readonly hostName?: string;
  /** By the path that `guest-exec` names. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** By path. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** The environment of the agent itself, which programs get without one of their own; default a PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Commands that the guest's administrator has forbidden. */
  readonly disabled?: Iterable<string>;
  /** Commands beside the built-in ones, or in their place. */
  readonly commands?: Readonly<Record<string, AgentHandler>>;
  readonly faults?: FakeGuestAgentFaults;
}

const sentinel = 0xff;

/**
 * A QEMU guest agent without a guest; its behaviour is described in README.md beside this file, and the same tests
 * that check it run against a real qemu-ga.
 *
 * @example
 * await using guest = await FakeGuestAgent.listen({ programs: { uname: () => ({ stdout: 'Fake\n' }) } });
 * const agent = await GuestAgentClient.connect(guest.address);
 */
export class FakeGuestAgent implements FakeGuestState, AsyncDisposable {
  readonly version: string;
  readonly hostName: string;
  readonly faults: FakeGuestAgentFaults;
  readonly files = new GuestFiles();
  readonly programs = new GuestPrograms();
  readonly environment: Readonly<Record<string, string>>;
  readonly disabled: Set<string>;
  /** Every command that was carried out, in order. */
  readonly received: { readonly execute: string; readonly arguments: AgentArguments }[] = [];
  readonly passwords = new Map<string, string>();
  /** The modes of the shutdowns that were asked for. */
  readonly shutdowns: string[] = [];
  /** The guest's clock, in milliseconds; it stands still. */
  time = 0;
  frozen = false;
  freezes = 0;
  readonly #handlers: Map<string, AgentHandler>;
  #chardev: Chardev | undefined;
  #lines = new LineSplitter((line) => this.#line(line));
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: FakeGuestAgentOptions) {
    this.version = options.version ?? '7.2.22';
    this.hostName = options.hostName ?? 'fake';
    this.faults = options.faults ?? {};
    this.disabled = new Set(options.disabled);
    this.#handlers = new Map(Object.entries({ ...agentCommands, ...options.commands }));
    this.environment = options.environment ?? { PATH: '/usr/bin:/bin' };
    const variables = Object.entries(this.environment).map(([name, value]) => `${name}=${value}\0`);
    this.files.contents.set('/proc/self/environ', Buffer.from(variables.join('')));
    for (const [path, content] of Object.entries(options.files ?? {})) {
      this.files.contents.set(path, Buffer.from(content as string));
    }
    for (const [path, program] of Object.entries(options.programs ?? {})) this.programs.programs.set(path, program);
  }

  static async listen(options: FakeGuestAgentOptions = {}): Promise<FakeGuestAgent> {
    const agent = new FakeGuestAgent(options);
    const owner = {
      opened: () => undefined,
      // What a client leaves unfinished stays in the parser: the agent does not notice that clients change.
      received: (bytes: Buffer) => agent.#bytes(bytes),
      closed: () => undefined,
    };
    agent.#chardev = await Chardev.listen(options.listen ?? { host: '127.0.0.1', port: 0 }, owner, agent.faults);
    return agent;
  }

  get address(): { path: string } | { host: string; port: number } {
    if (!this.#chardev) throw new Error('the fake guest agent does not listen yet');
    return this.#chardev.address;
  }

  get commandNames(): string[] {
    return [...this.#handlers.keys()];
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: string | Uint8Array): void {
    this.#chardev?.send(bytes);
  }

  /** Hangs up on the client, after what was sent so far. */
  hangUp(): void {
    this.#chardev?.hangUp();
  }

  async close(): Promise<void> {
    await this.#chardev?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** 0xFF is in no JSON: the parser drops what it held, complains, and starts over. */
  #bytes(bytes: Buffer): void {
    let start = 0;
    for (let at = bytes.indexOf(sentinel); at >= 0; at = bytes.indexOf(sentinel, start)) {
      this.#lines.push(bytes.subarray(start, at));
      this.#lines = new LineSplitter((line) => this.#line(line));
      this.#write({ error: { class: 'GenericError', desc: "JSON parse error, stray '\uFFFD'" } });
      start = at + 1;
    }
    this.#lines.push(bytes.subarray(start));
  }

  #line(line: Buffer): void {
    if (line.length > 0) this.#turn = this.#turn.then(() => this.#answer(line));
  }

  async #answer(line: Buffer): Promise<void> {
    let id: unknown;
    try {
      const request = readRequest(line);
      id = request.id;
      const { command, args } = request;
      const result = await this.#execute(command, args);
      this.received.push({ execute: command, arguments: args });
      const delay = this.faults.delays?.[command];
      if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
      if (silentCommands.has(command) || this.faults.mute?.has(command)) return;
      if (command === 'guest-sync-delimited') this.#chardev?.send(Buffer.of(sentinel));
      this.#write({ return: result ?? {}, ...(id === undefined ? {} : { id }) });
    } catch (error) {
      const { errorClass = 'GenericError', message } = error as AgentError;
      this.#write({ ...(id === undefined ? {} : { id }), error: { class: errorClass, desc: message } });
    }
  }

  #execute(command: string, args: AgentArguments): unknown {
    const handler = this.#handlers.get(command);
    if (!handler) throw new AgentError(`The command ${command} has not been found`, 'CommandNotFound');
    if (this.disabled.has(command)) throw new AgentError(`Command ${command} has been disabled`, 'CommandNotFound');
    if (this.frozen && !allowedWhileFrozen.has(command)) {
      throw new AgentError(`Command ${command} has been disabled: the agent is in frozen state`, 'CommandNotFound');
    }
    return handler(args, this);
  }

  #write(message: object): void {
    this.#chardev?.send(`${JSON.stringify(message)}\n`);
  }
}

function readRequest(line: Buffer): { command: string; args: AgentArguments; id: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw new AgentError('JSON parse error, stray input');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AgentError('QMP input must be a JSON object');
  }
  const { execute, arguments: args = {}, id } = value as Record<string, unknown>;
  if (typeof execute !== 'string') throw new AgentError("QMP input lacks member 'execute'");
  return { command: execute, args: args as AgentArguments, id };
}
