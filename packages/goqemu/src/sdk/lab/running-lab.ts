import { GoqemuError, hostPlatform, hostProcessTable, OpenOnce, silentLogger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import {
  type CheckpointReport,
  type Engine,
  type ForkOptions,
  type LabDefinition,
  type Plan,
  type PlanReport,
  planReport,
  type RestoreReport,
  type StatusReport,
} from '@goqemu/lab';
import { createBackend } from '../../host/create-backend.ts';
import type { HostBackend } from '../../host/host-backend.ts';
import { openLab } from '../../lab/open-lab.ts';
import type { OperationOptions } from '../vm/driven-vm.ts';
import { LabMachine } from './lab-machine.ts';
import type { OpenLabOptions } from './open-lab.ts';

/** Which machines; all of them unless given. */
export interface MachineSelection extends OperationOptions {
  readonly machines?: readonly string[];
}

export interface ForkLabOptions extends MachineSelection {
  /** Its stack is called so; from the checkpoint's name unless given. */
  readonly name?: string;
}

interface Parts {
  readonly engine: Engine;
  readonly backend: HostBackend;
  readonly definition: LabDefinition;
  readonly name: string;
  readonly stack: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * A lab in a script. What it makes outlives the script, except forks, which go with their block; the block's end of the
 * lab itself closes connections and nothing more.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * const { url } = await lab.apply();
 */
export class RunningLab implements AsyncDisposable {
  readonly name: string;
  /** `default`, or the name of a fork. */
  readonly stack: string;
  readonly #parts: Parts;
  readonly #sessions: OpenOnce<GuestSession>;

  /** @internal */
  constructor(parts: Parts) {
    this.name = parts.name;
    this.stack = parts.stack;
    this.#parts = parts;
    this.#sessions = new OpenOnce();
  }

  /** What `apply` would do. Changes nothing. */
  async plan(options: OperationOptions = {}): Promise<PlanReport> {
    return planReport(await this.#plan(options));
  }

  /**
   * Makes the machines what the lab says, and returns the lab's outputs.
   *
   * @throws GoqemuError `apply-failed` with the first operation that failed as its cause; `locked`
   */
  async apply(options: OperationOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    const { engine } = this.#parts;
    const planned = await this.#plan(options);
    const plan = (await engine.fetchImages(planned, options)) > 0 ? await this.#plan(options) : planned;
    return this.#carryOut(plan, options);
  }

  /** Deletes the machines with their disks; layers stay, so that the next apply is quick. Of a fork nothing stays. */
  async destroy(options: OperationOptions = {}): Promise<void> {
    await this.#carryOut(await this.#parts.engine.planDestroy(options), options);
  }

  status(options: OperationOptions = {}): Promise<StatusReport> {
    return this.#parts.engine.status(options);
  }

  /** A machine by its name; an unknown one is told at its first use. */
  machine(name: string): LabMachine {
    const find = () => this.#parts.engine.machine(name);
    const open = async () => this.#parts.backend.machine(await find()).openSession();
    return new LabMachine(name, find, () => this.#sessions.of(name, open));
  }

  /**
   * Keeps the running machines as they are now, at one moment.
   *
   * @throws GoqemuError `machine-not-running`, `machine-unknown`, `locked`
   */
  checkpoint(description: string, options: MachineSelection = {}): Promise<CheckpointReport> {
    return this.#parts.engine.createCheckpoint({ description, ...options });
  }

  /** Checkpoints that were taken, and those that the lab declares. */
  async checkpoints(options: OperationOptions = {}): Promise<readonly CheckpointReport[]> {
    return (await this.#parts.engine.listCheckpoints(options)).checkpoints;
  }

  /**
   * Takes machines back to a checkpoint, by its id or its name.
   *
   * @throws GoqemuError `checkpoint-unknown`, `checkpoint-damaged`, `machine-unknown`, `locked`
   */
  async restore(idOrName: string, options: MachineSelection = {}): Promise<RestoreReport> {
    await this.#sessions.closeAll();
    return await this.#parts.engine.restoreCheckpoint(idOrName, options);
  }

  /** @throws GoqemuError `checkpoint-unknown`, `checkpoint-declared`, `locked` */
  async deleteCheckpoint(idOrName: string, options: OperationOptions = {}): Promise<void> {
    await this.#parts.engine.deleteCheckpoint(idOrName, options);
  }

  /**
   * Runs a copy of the lab as it was in a checkpoint, on ports of its own. It goes with its block, or with this process.
   *
   * @throws GoqemuError `checkpoint-unknown`, `machine-unknown`, `stack-exists`, `checkpoint-damaged`, `no-memory`,
   * `locked`, and what starting machines throws: then nothing of it stays
   * @example
   * await using fork = await lab.fork('ready');
   */
  async fork(idOrName: string, options: ForkLabOptions = {}): Promise<LabFork> {
    const [fork] = await this.#fork(idOrName, options);
    return fork as LabFork;
  }

  /**
   * Several copies at once, named with a number.
   *
   * @throws as `fork`: all of them are made, or none
   * @example
   * await using forks = await lab.forks('ready', 4);
   * await Promise.all(forks.map((fork) => tryOut(fork)));
   */
  async forks(idOrName: string, count: number, options: ForkLabOptions = {}): Promise<LabForks> {
    return LabForks.from(await this.#fork(idOrName, { ...options, count })) as LabForks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions.closeAll();
    await this.#parts.backend[Symbol.asyncDispose]();
  }

  /** @internal Its engine removes it; the backend is its origin's. */
  protected async remove(): Promise<void> {
    await this.#sessions.closeAll();
    await this.#parts.engine.removeFork({ lockWaitMs: removalWaitMs });
  }

  async #fork(idOrName: string, options: ForkOptions): Promise<readonly LabFork[]> {
    const { engine, definition, parameters } = this.#parts;
    const owner = await hostProcessTable().identify(process.pid);
    const report = await engine.fork(idOrName, { ...options, ...(owner ? { owner } : {}), definition, parameters });
    return report.forks.map(({ name }) => new LabFork({ ...this.#parts, engine: engine.stack(name), stack: name }));
  }

  async #plan({ signal }: OperationOptions): Promise<Plan> {
    const { engine, definition, parameters } = this.#parts;
    const lab = await engine.evaluate(definition, { parameters, ...(signal ? { signal } : {}) });
    return engine.plan(lab, signal ? { signal } : {});
  }

  async #carryOut(plan: Plan, { signal }: OperationOptions): Promise<Readonly<Record<string, unknown>>> {
    await this.#sessions.closeAll();
    const { outcome, outputs, errors } = await this.#parts.engine.apply(plan, signal ? { interrupt: signal } : {});
    signal?.throwIfAborted();
    if (outcome === 'done') return outputs;
    const [first] = errors;
    throw new GoqemuError({
      code: 'apply-failed',
      source: first?.error.source ?? 'internal',
      message: `${first?.resource ?? this.name}: ${first?.error.message ?? outcome}`,
      ...(first?.error.detail === undefined ? {} : { detail: first.error.detail }),
      ...(first?.error.hint === undefined ? {} : { hint: first.error.hint }),
      data: { errors },
    });
  }
}

/** Milliseconds that the end of a fork waits for another command that works on it. */
const removalWaitMs = 60_000;

/** A running copy of a lab. At the end of its block nothing of it stays: machines, disks, layers, state. */
export class LabFork extends RunningLab {
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

/** Forks that were made together and go together. */
export class LabForks extends Array<LabFork> implements AsyncDisposable {
  /** What `map` and its like return is an ordinary array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled(Array.from(this, (fork) => fork[Symbol.asyncDispose]()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** @internal */
export async function openRunningLab(file: string | undefined, options: OpenLabOptions): Promise<RunningLab> {
  const platform = hostPlatform();
  const logger = options.logger ?? silentLogger;
  const opener = {
    command: process.argv[1] ?? 'node',
    logger,
    tell: () => undefined,
    shell: {
      platform,
      workingFolder: process.cwd(),
      createBackend: () => createBackend({ platform, logger }),
    },
  };
  const choice = { lab: file, stack: options.stack };
  const { engine, backend, definition, name, stack } = await openLab(
    opener,
    choice,
    options.onEvent ?? (() => undefined),
  );
  return new RunningLab({ engine, backend, definition, name, stack, parameters: options.parameters ?? {} });
}
