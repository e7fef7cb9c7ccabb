import { connect, type Socket } from 'node:net';
import {
  deferred,
  errorMessage,
  GoqemuError,
  type GoqemuErrorOptions,
  internalError,
  parseJson,
  timeoutError,
  withDeadline,
} from '@goqemu/core';
import { LineSplitter } from '@goqemu/protocol';
import type { CaptureReport } from '../capture/captures.ts';
import type { SwitchConfigurationInput } from './configuration.ts';
import type { FaultSettingsInput } from './fault-settings.ts';
import type { CaptureRequestInput, RequestInput, SwitchCounters, SwitchIdentity, SwitchStatus } from './messages.ts';

export interface SwitchClientOptions {
  /** The switch's Unix socket or named pipe. */
  readonly path: string;
  /** Which switch it must be. Default: whichever answers. */
  readonly uuid?: string;
  /** Milliseconds for the connection, and for each answer. @default 10_000 */
  readonly timeoutMs?: number;
}

type Capture = Omit<CaptureRequestInput, 'file'>;
interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Speaks to the process of a lab's switch; see docs/networks.md for what the messages mean. */
export class SwitchClient implements AsyncDisposable {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #greeting = deferred<SwitchIdentity>();
  readonly #waiting: Waiting[] = [];
  #identity: SwitchIdentity | undefined;
  #failure: string | undefined;

  private constructor({ path, timeoutMs = 10_000 }: SwitchClientOptions) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
    this.#socket = connect({ path });
    const lines = new LineSplitter((line) => this.#line(line));
    this.#socket.on('data', (bytes) => lines.push(bytes));
    this.#socket.on('error', (error) => {
      this.#failure = errorMessage(error); // 'close' follows
    });
    this.#socket.on('close', () => this.#ended());
  }

  /**
   * @throws GoqemuError `switch-failed` when nothing answers there, `switch-replaced` when it is another switch; `timeout`
   */
  static async connect(options: SwitchClientOptions): Promise<SwitchClient> {
    const client = new SwitchClient(options);
    try {
      const greeting = () => client.#greeting.promise;
      const { uuid } = await withDeadline('connecting to the switch', client.#timeoutMs, undefined, greeting);
      if (options.uuid !== undefined && uuid !== options.uuid) throw replaced(options.path);
      return client;
    } catch (error) {
      client.#socket.destroy();
      throw error;
    }
  }

  /** Which switch it is. */
  get identity(): SwitchIdentity {
    if (!this.#identity) throw internalError('a switch was used before it had greeted');
    return this.#identity;
  }

  /** Makes the switch what the configuration says; what is the same already is not disturbed. */
  async configure(configuration: SwitchConfigurationInput): Promise<void> {
    await this.#call({ command: 'configure', configuration });
  }

  /** Sets faults in the place of the configuration's; `{}`: what the configuration says applies again. */
  async setFaults(faults: FaultSettingsInput): Promise<void> {
    await this.#call({ command: 'faults', faults });
  }

  async status(): Promise<SwitchStatus> {
    return (await this.#call({ command: 'status' })) as SwitchStatus;
  }

  async counters(): Promise<SwitchCounters> {
    return (await this.#call({ command: 'counters' })) as SwitchCounters;
  }

  /** Drops what is under way to and from a machine (or one card), and forgets where its stations are. */
  async flush(machine: string, card?: string): Promise<{ readonly frames: number; readonly stations: number }> {
    const given = { command: 'flush' as const, machine, ...(card === undefined ? {} : { card }) };
    return (await this.#call(given)) as { frames: number; stations: number };
  }

  /**
   * From now on, machines reach their gateways alone, and what was under way to and from them is dropped; until this
   * client is disposed of or its process ends.
   */
  async hold(machines: readonly string[]): Promise<void> {
    await this.#call({ command: 'hold', machines: [...machines] });
  }

  /** Tells the other machines where this one is now: gratuitous ARP, and its like in IPv6. */
  async announce(machine: string, card?: string): Promise<void> {
    await this.#call({ command: 'announce', machine, ...(card === undefined ? {} : { card }) });
  }

  /** Dials at once whatever is not connected, for instance after a QEMU was started. */
  async dial(): Promise<void> {
    await this.#call({ command: 'dial' });
  }

  /** Begins a capture into a file, by its absolute path; returns its number. */
  async startCapture(capture: Capture & { readonly file: string }): Promise<number> {
    const { capture: id } = (await this.#call({ command: 'capture-start', ...capture })) as { capture: number };
    return id;
  }

  async stopCapture(capture: number): Promise<CaptureReport> {
    return (await this.#call({ command: 'capture-stop', capture })) as CaptureReport;
  }

  async captures(): Promise<readonly CaptureReport[]> {
    return (await this.#call({ command: 'captures' })) as CaptureReport[];
  }

  /** Ends the switch; settles when it has said that it will. */
  async shutdown(): Promise<void> {
    await this.#call({ command: 'shutdown' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  #call(request: RequestInput): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(failed('the connection to the switch has ended'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(timeoutError(`the switch's answer to "${request.command}"`, this.#timeoutMs));
        this.#socket.destroy(); // what comes later is the answer to nothing
      }, this.#timeoutMs);
      this.#waiting.push({
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** The greeting, and then answers in the order of the requests. */
  #line(line: Buffer): void {
    const value = parseJson(line.toString('utf8')) as
      | { switch?: SwitchIdentity; result?: unknown; error?: GoqemuErrorOptions }
      | undefined;
    if (!this.#identity) {
      this.#identity = value?.switch;
      if (this.#identity) this.#greeting.resolve(this.#identity);
      else this.#greeting.reject(failed(`something other than a switch answers at ${this.#path}`));
      return;
    }
    const waiting = this.#waiting.shift();
    if (value?.error) waiting?.reject(new GoqemuError(value.error));
    else if (value && 'result' in value) waiting?.resolve(value.result);
    else waiting?.reject(failed('the switch sent a line that is no answer'));
  }

  #ended(): void {
    const why = this.#failure ?? 'it closed the connection';
    this.#greeting.reject(failed(`the switch does not answer at ${this.#path}: ${why}`));
    for (const { reject } of this.#waiting.splice(0)) reject(failed(`the switch ended before it answered: ${why}`));
  }
}

function failed(message: string): GoqemuError {
  return new GoqemuError({
    code: 'switch-failed',
    source: 'environment',
    message,
    hint: 'apply the lab again: it starts its switch when that is not running',
  });
}

function replaced(path: string): GoqemuError {
  return new GoqemuError({
    code: 'switch-replaced',
    source: 'environment',
    subject: path,
    message: `another switch than the lab's answers at ${path}`,
    hint: 'run "goqemu refresh", then apply',
  });
}
