import {
  hostProcessTable,
  type Logger,
  type ProcessTable,
  silentLogger,
  TypedEmitter,
  type Unsubscribe,
} from '@goqemu/core';
import type { AnyQmpEvent, ExecuteOptions, GuestAgentClient, QmpClient, Transport } from '@goqemu/protocol';
import { BlockDevices } from '../devices/block-devices.ts';
import { Display } from '../devices/display.ts';
import { Memory } from '../devices/memory.ts';
import { NetworkCards } from '../devices/network-cards.ts';
import type { ProcessExit } from '../launch/exit-cause.ts';
import { lastWords } from '../process/last-words.ts';
import { untilEnded } from '../process/process-end.ts';
import { removeEmptyFolder, removeRuntimeFiles } from '../sockets/remove-runtime-files.ts';
import { hasOwnSockets, isBorrowedFolder } from '../sockets/runtime-folder-owner.ts';
import { connectStandby } from '../sockets/standby-turn.ts';
import { AgentPort } from './agent-port.ts';
import { endMachine } from './end-machine.ts';
import { exitOfChild, readToTheEnd } from './last-news.ts';
import { type MachineEvent, MachineEventStream } from './machine-events.ts';
import { type MachineExit, machineExit } from './machine-exit.ts';
import type { AgentOptions, MachineConnection, StopOptions, StopResult } from './machine-options.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';
import { type MachineState, machineState } from './machine-state.ts';
import { stateAfterEvent } from './state-after-event.ts';
import type { StopRung } from './stop-ladder.ts';

/** Milliseconds to wait for the standby port: a session that has no command there any more leaves within a second. */
const standbyTurnMs = 1_500;

/** What a machine reports beside QEMU's own events. */
export interface MachineEvents {
  state: { readonly state: MachineState; readonly previous: MachineState };
}

/**
 * One running QEMU, held by its control monitor. Closing it leaves QEMU running.
 *
 * @example
 * await using machine = await launchMachine({ memory: '1 GiB', drives: [{ source: 'disk.qcow2' }] });
 * await machine.pause();
 */
export class Machine implements AsyncDisposable {
  readonly record: MachineRecord;
  readonly #qmp: QmpClient;
  readonly #processes: ProcessTable;
  readonly #logger: Logger;
  readonly #exited: Promise<ProcessExit> | undefined;
  readonly #logOffset: number;
  readonly #streams = new Set<MachineEventStream>();
  readonly #agentPort: AgentPort;
  readonly #events = new TypedEmitter<MachineEvents>();
  /** Screen, keyboard, mouse, VNC and SPICE. */
  readonly display: Display;
  /** Disks and CD drives. */
  readonly blocks: BlockDevices;
  readonly networks: NetworkCards;
  readonly memory: Memory;
  #state: MachineState = 'unknown';
  #shutdownReason: string | undefined;
  #panicked = false;
  #exit: Promise<MachineExit> | undefined;

  /** @internal See `launchMachine` and `attachMachine`. */
  constructor(connection: MachineConnection) {
    this.record = connection.record;
    this.#qmp = connection.qmp;
    this.#processes = connection.processes ?? hostProcessTable();
    this.#logger = connection.logger ?? silentLogger;
    this.#exited = connection.exited;
    this.#logOffset = connection.logOffset ?? 0;
    this.#agentPort = new AgentPort(this.record, this.#processes, this.#logger);
    this.display = new Display(this.#qmp);
    this.blocks = new BlockDevices(this.#qmp);
    this.networks = new NetworkCards(this.#qmp, this.record.uuid);
    this.memory = new Memory(this.#qmp);
    this.#qmp.onAny((event) => this.#follow(event));
    void this.#qmp.closed.then(({ error }) => this.#connectionEnded(error));
  }

  /** The holder's monitor, for every command that has no method here. */
  get qmp(): QmpClient {
    return this.#qmp;
  }

  /** The state as of the last event or {@link status}. */
  get state(): MachineState {
    return this.#state;
  }

  /** Calls back when the state has changed. */
  onStateChange(listener: (change: MachineEvents['state']) => void): Unsubscribe {
    return this.#events.on('state', listener);
  }

  /**
   * What happens from now on: changes of state, QEMU's own events, and the end as the last. It ends as well when
   * this machine is closed.
   *
   * @example
   * for await (const event of machine.events()) if (event.kind === 'state') console.log(event.state);
   */
  events(): AsyncIterableIterator<MachineEvent> {
    const stream: MachineEventStream = new MachineEventStream(() => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** A line of QEMU's human monitor, and what it printed; human-readable, its text is no stable interface. */
  async humanMonitor(line: string, options: ExecuteOptions = {}): Promise<string> {
    return await this.#qmp.humanMonitor(line, options);
  }

  /** Asks QEMU for the state. */
  async status(options: { readonly signal?: AbortSignal } = {}): Promise<MachineState> {
    const { status } = (await this.#qmp.execute('query-status', undefined, options)) as { status: string };
    this.#become(machineState(status));
    return this.#state;
  }

  /**
   * Stops the virtual CPUs; the guest does not notice, except by its clock. A machine that has not started yet stays in
   * `prelaunch`.
   */
  async pause(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    // QEMU accepts it in every state, and stays in `prelaunch` or `shutdown`.
    await this.#qmp.execute('stop', undefined, options);
    await this.status(options);
  }

  /** Resumes the virtual CPUs, or starts them when the machine was started paused. */
  async resume(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    // Both at once: QEMU answers them in their order, and while a guest runs it takes its time to.
    await Promise.all([this.#qmp.execute('cont', undefined, options), this.status(options)]);
  }

  /** The reset button: nothing is asked of the guest. */
  async reset(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#qmp.execute('system_reset', undefined, options);
  }

  /** Presses the power button (ACPI), and does not wait: what follows is the guest's. */
  async shutdown(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#qmp.execute('system_powerdown', undefined, options);
  }

  /**
   * Ends the machine, as gently as it lets: guest agent, power button, QMP `quit`, SIGTERM, SIGKILL.
   *
   * @throws GoqemuError `machine-unstoppable` when not even SIGKILL did it
   */
  async stop(options: StopOptions = {}): Promise<StopResult> {
    return await this.#end('guest-agent', options);
  }

  /** Ends QEMU at once but in order: disks are flushed, the guest is not asked. */
  async quit(options: StopOptions = {}): Promise<StopResult> {
    return await this.#end('quit', options);
  }

  /** Ends QEMU as a power cut does: SIGKILL. */
  async kill(options: StopOptions = {}): Promise<StopResult> {
    return await this.#end('sigkill', options);
  }

  /** Resolves when the machine has ended, whatever the cause. */
  async wait(options: { readonly signal?: AbortSignal } = {}): Promise<MachineExit> {
    await this.#ended(options.signal);
    this.#exit ??= this.#settle();
    return await this.#exit;
  }

  /**
   * The guest agent, when it is one's turn: its port takes one client at a time. Close the client to give the
   * turn back; this process keeps it for a second more, since an agent takes longer to notice a new client.
   *
   * @throws GoqemuError `agent-absent` when the machine has no port for one; `locked`; `qga-not-responding`
   * @example
   * await using agent = await machine.agent({ timeoutMs: 10_000 });
   */
  async agent(options: AgentOptions = {}): Promise<GuestAgentClient> {
    return await this.#agentPort.client(options);
  }

  /**
   * Connects to the agent's port ahead of its first use, which has to come within a second: a guest that resumes with a
   * host at the port answers at once.
   *
   * @throws GoqemuError `agent-absent`, `locked`
   */
  async openAgentPort(options: AgentOptions = {}): Promise<void> {
    await this.#agentPort.open(options);
  }

  /**
   * Connects to the standby port: the bytes that a process of the guest writes to `org.goqemu.standby.0`, and those that
   * it reads. It takes one client at a time, of all processes of this host.
   *
   * @throws GoqemuError `standby-port-absent` when the machine has none, `locked`, `connect-failed`
   */
  openStandbyPort(signal?: AbortSignal): Promise<Transport> {
    return connectStandby(this.record, {
      waitMs: standbyTurnMs,
      processes: this.#processes,
      ...(signal ? { signal } : {}),
    });
  }

  /** Whether a process of the guest has the standby port open. */
  async isStandbyPortTaken(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    return await this.#isTaken('standby', options);
  }

  /** Whether the guest has the agent's port open: an agent that is silent while it has is slow or hangs, and has not ended. */
  async isAgentPortTaken(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    return await this.#isTaken('agent', options);
  }

  /** Drops the connection; QEMU runs on, unless it is owned by this process. */
  async close(): Promise<void> {
    await this.#agentPort.close();
    await this.#qmp.close();
    if (!hasOwnSockets(this.record) && !isBorrowedFolder(this.record))
      await removeEmptyFolder(this.record.runtimeFolder); // it was made for locks
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #isTaken(port: string, options: { readonly signal?: AbortSignal }): Promise<boolean> {
    const ports = await this.#qmp.execute('query-chardev', undefined, options);
    return ports.some(({ label, 'frontend-open': isOpen }) => label === port && isOpen);
  }

  #end(from: StopRung, options: StopOptions): Promise<StopResult> {
    return endMachine(this, from, options, { processes: this.#processes, logger: this.#logger });
  }

  #ended(signal: AbortSignal | undefined): Promise<void> {
    return untilEnded(identityOf(this.record), this.#processes, signal, this.#qmp.closed);
  }

  async #settle(): Promise<MachineExit> {
    const exit = await exitOfChild(this.#exited);
    const words = this.record.stderrLog ? await lastWords(this.record.stderrLog, this.#logOffset) : '';
    await readToTheEnd(this.#qmp);
    this.#become('shutdown');
    if (!isBorrowedFolder(this.record)) await removeRuntimeFiles(this.record.runtimeFolder);
    const result = machineExit(exit, this.#shutdownReason, this.#panicked, words);
    this.#tell({ kind: 'exit', exit: result });
    for (const stream of this.#streams) stream.end();
    return result;
  }

  /** A connection that ends by itself mostly means that QEMU did; if it lives, its state is unknown. */
  #connectionEnded(error: Error | undefined): void {
    if (!error) {
      for (const stream of this.#streams) if (!this.#exit) stream.end();
      return;
    }
    if (this.#streams.size > 0) void this.wait().catch(() => undefined); // listeners are notified of the end
    if (this.#state !== 'shutdown') this.#become('unknown');
  }

  #tell(event: MachineEvent): void {
    for (const stream of this.#streams) stream.push(event);
  }

  #follow(event: AnyQmpEvent): void {
    this.#tell({ kind: 'qmp', event });
    const name = event.event as string;
    const { reason, action } = (event.data ?? {}) as { readonly reason?: string; readonly action?: string };
    if (name === 'SHUTDOWN') this.#shutdownReason = reason ?? 'unknown';
    if (name === 'GUEST_PANICKED') this.#panicked = action !== 'run';
    if (name === 'RESET') {
      this.#shutdownReason = undefined;
      this.#panicked = false;
    }
    this.#become(stateAfterEvent(this.#state, event));
  }

  #become(state: MachineState): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.#events.emit('state', { state, previous });
    this.#tell({ kind: 'state', state, previous });
  }
}
