import { join } from 'node:path';
import type { Logger, ProcessTable } from '@goqemu/core';
import { GuestAgentClient, type Transport } from '@goqemu/protocol';
import { KeptLine } from '../sockets/kept-line.ts';
import { connectInTurn } from '../sockets/turns.ts';
import { agentAbsent } from './machine-errors.ts';
import type { AgentOptions } from './machine-options.ts';
import type { MachineRecord } from './machine-record.ts';

const defaultTimeoutMs = 5000;

/** The port of a machine's guest agent: one client at a time, of all processes of this host. */
export class AgentPort {
  readonly #record: MachineRecord;
  readonly #processes: ProcessTable;
  readonly #logger: Logger;
  readonly #line = new KeptLine();

  constructor(record: MachineRecord, processes: ProcessTable, logger: Logger) {
    this.#record = record;
    this.#processes = processes;
    this.#logger = logger;
  }

  async client(options: AgentOptions): Promise<GuestAgentClient> {
    const line = await this.#line.lend(() => this.#connect(options));
    const client = await GuestAgentClient.connect(line, {
      syncTimeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      logger: this.#logger,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    line.keepWhen = () => client.inSync;
    return client;
  }

  async open(options: AgentOptions): Promise<void> {
    await this.#line.open(() => this.#connect(options));
  }

  async close(): Promise<void> {
    await this.#line.close();
  }

  #connect(options: AgentOptions): Promise<Transport> {
    const endpoint = this.#record.sockets.agent;
    if (!endpoint) throw agentAbsent(this.#record.name);
    return connectInTurn(endpoint, {
      command: options.command ?? 'goqemu',
      waitMs: options.timeoutMs ?? defaultTimeoutMs,
      lockPath: join(this.#record.runtimeFolder, 'a.lock'),
      processes: this.#processes,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }
}
