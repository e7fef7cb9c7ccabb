import type { Duplex } from 'node:stream';
import type { Logger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Backend, BackendCall, Endpoint, FoundMachine, LogRequest, SshFiles } from '@goqemu/lab';
import { type QmpClient, StreamTransport, type Transport } from '@goqemu/protocol';

/** A machine of a lab for exec, ssh, cp, logs, console and qmp, wherever it runs; the caller closes what it opens. */
export class MachineEndpoints {
  readonly #backend: Backend;
  readonly #found: FoundMachine;
  readonly #logger: Logger;

  constructor(backend: Backend, found: FoundMachine, logger: Logger) {
    this.#backend = backend;
    this.#found = found;
    this.#logger = logger;
  }

  /** Connects with its first command. */
  async openSession(): Promise<GuestSession> {
    const { spec, record } = this.#found;
    const [{ GuestSession }, credentials] = await Promise.all([
      import('@goqemu/guest'),
      this.#backend.guestCredentials(spec, record, this.#call()),
    ]);
    return new GuestSession({
      ...this.#backend.sshAddress(spec),
      ...credentials,
      open: (signal) => this.#open('ssh', signal),
      channel: (signal) => this.#transport('commands', signal),
      logger: this.#logger,
    });
  }

  /** The monitor for reading commands, in turn with others. */
  async openMonitor(signal: AbortSignal): Promise<QmpClient> {
    const { QmpClient } = await import('@goqemu/protocol');
    return QmpClient.connect(await this.#transport('monitor', signal), { signal });
  }

  /** The first serial port. */
  openConsole(signal: AbortSignal): Promise<Transport> {
    return this.#transport('console', signal);
  }

  readLog(request: LogRequest, signal: AbortSignal): AsyncIterable<Buffer> {
    const { spec, record } = this.#found;
    return this.#backend.readLog(spec, record, request, this.#call(signal));
  }

  sshFiles(): Promise<SshFiles> {
    return this.#backend.sshFiles(this.#found.spec, this.#found.record, this.#call());
  }

  async #transport(endpoint: Endpoint, signal: AbortSignal): Promise<Transport> {
    return new StreamTransport(await this.#open(endpoint, signal), `the ${endpoint} of ${this.#found.spec.name}`);
  }

  #open(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return this.#backend.openEndpoint(this.#found.spec, this.#found.record, endpoint, this.#call(signal));
  }

  #call(signal: AbortSignal = new AbortController().signal): BackendCall {
    return { scope: this.#found.scope, signal, progress: () => undefined };
  }
}
