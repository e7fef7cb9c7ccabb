import { hasErrorCode, type Logger, orAborted, scaledTimeout, silentLogger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { createVmHost, readRecord, type VmCall, type VmHost, type VmHostOptions, type VmProgress } from '@goqemu/vm';
import { interrupted } from '../guest/interrupted.ts';
import type { OperationOptions } from '../operation-options.ts';
import type { HeldVm } from './held-vm.ts';
import { OperationQueue } from './operation-queue.ts';
import type { CheckedConfig, OperationTimeout } from './options/vm-config.ts';
import { notMade, notRunning, released } from './sdk-errors.ts';
import { holdPresentVm, holdVm } from './standalone/hold-vm.ts';
import { type QemuVMStatus, standaloneStatus } from './standalone/standalone-status.ts';

/** A VM with the machine that runs it. */
export type RunningVm = HeldVm & { readonly machine: Machine };

/**
 * The VM that one {@link QemuVM} drives: made or found when it is first needed. What changes it is done one after
 * another; what is done in its guest waits for a change that is under way, and fails with the reason if it is cut short.
 */
export class DrivenVm {
  readonly config: CheckedConfig;
  readonly hostOptions: VmHostOptions;
  readonly host: VmHost;
  readonly logger: Logger;
  readonly #operations: OperationQueue;
  #held: HeldVm | undefined;
  #name: string | undefined;
  #released = false;

  constructor(config: CheckedConfig, host: VmHostOptions) {
    this.config = config;
    this.hostOptions = host;
    this.#name = config.name;
    this.logger = config.logger ?? host.logger ?? silentLogger;
    this.host = createVmHost({ ...host, logger: this.logger });
    this.#operations = new OperationQueue(this.logger);
  }

  /** Undefined until a VM that was given none has been made. */
  get name(): string | undefined {
    return this.#name;
  }

  get title(): string {
    return this.#name ?? '(not made yet)';
  }

  get isReleased(): boolean {
    return this.#released;
  }

  status(options: OperationOptions = {}): Promise<QemuVMStatus> {
    return standaloneStatus(this.host, this.#name, options);
  }

  /** This VM, made where it is not there yet. */
  async hold(call: VmCall): Promise<HeldVm> {
    this.#held ??= await holdVm(this.host, this.config, call);
    this.#name = this.#held.record.name;
    return this.#held;
  }

  /** This VM, which has to be there. */
  async holdPresent(name: string, call: VmCall): Promise<void> {
    this.#held = await holdPresentVm(this.host, name, this.config, call);
  }

  /** A VM that was just made for this object. */
  take(held: HeldVm): void {
    this.#held = held;
    this.#name = held.record.name;
  }

  /** This VM, where it is there. */
  async find(call: VmCall): Promise<HeldVm | undefined> {
    if (this.#held) return this.#held;
    const isThere = this.#name !== undefined && (await readRecord(this.host, this.#name)) !== undefined;
    return isThere ? this.hold(call) : undefined;
  }

  /** @throws GoqemuError `vm-not-made` */
  async present(call: VmCall): Promise<HeldVm> {
    const held = await this.find(call);
    if (held) return held;
    throw notMade(this.title);
  }

  change<T>(
    verb: string,
    limit: OperationTimeout,
    { signal }: OperationOptions,
    work: (call: VmCall) => Promise<T>,
  ): Promise<T> {
    if (this.#released) return Promise.reject(released(this.title));
    const operation = {
      name: this.#name === undefined ? `${verb} a VM` : `${verb} VM "${this.#name}"`,
      timeoutMs: scaledTimeout(this.config.timeouts[limit], this.host.platform.env),
      signal,
      holdsCommands: limit !== 'snapshot',
    };
    return this.#operations.run(operation, (inner) => work({ ...this.telling(), signal: inner }));
  }

  /** What is done in the guest waits for a start or a restore that is under way, and for nothing else. */
  async use<T>(
    what: string,
    work: (session: GuestSession, held: RunningVm) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#released) throw released(this.title);
    await orAborted(this.#operations.ready(), signal);
    const held = this.#held;
    if (!held || !isRunning(held)) throw await this.#notRunning(what);
    const session = await held.session();
    try {
      return await work(session, held);
    } catch (error) {
      throw await this.explain(what, error, held, session);
    }
  }

  /** An SSH session ends with the machine that it led to; what matters then is why that ended. */
  async explain(what: string, error: unknown, held: HeldVm, session: GuestSession): Promise<unknown> {
    if (!hasErrorCode(error, 'session-closed') && !hasErrorCode(error, 'connection-lost')) return error;
    await this.#operations.ready();
    await held.settled();
    return held.isCurrent(session)
      ? error
      : interrupted(`VM ${JSON.stringify(this.title)}`, what, held.cutShort, error);
  }

  /** From now on every call is refused. */
  release(): void {
    this.#released = true;
  }

  /** Has what is under way give up; then gives the VM out of hand, where it was in it. */
  async letGo(): Promise<HeldVm | undefined> {
    this.release();
    await this.#operations.stop(released(this.title));
    return this.#held;
  }

  /** The progress of a running operation. */
  telling(): Pick<VmCall, 'onProgress'> {
    return {
      onProgress: (progress: VmProgress) => {
        if (progress.kind === 'notice') this.logger.log('info', 'sdk', progress.message, { vm: this.title });
        this.config.onProgress?.(progress);
      },
    };
  }

  async #notRunning(what: string): Promise<Error> {
    if (this.#released) return released(this.title);
    const { state, reason } = await this.status();
    if (state === 'running' || state === 'paused')
      return notRunning(this.title, what, 'this object is not attached to it', `use attachVM('${this.title}')`);
    const why = state === 'absent' ? 'it has not been started' : `it is ${state}${reason ? ` (${reason})` : ''}`;
    return notRunning(this.title, what, why, 'await start() first');
  }
}

function isRunning(held: HeldVm): held is RunningVm {
  return held.machine !== undefined;
}
