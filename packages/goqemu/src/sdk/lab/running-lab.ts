import { GoqemuError, type Logger, ownSign } from '@goqemu/core';
import type { Backend } from '@goqemu/lab';
import {
  type ApplyOptions,
  type CheckpointReport,
  type Engine,
  type ForwardChange,
  type Lab,
  type LabDefinition,
  type Plan,
  type PlanOptions,
  type PlanReport,
  type PowerVerb,
  planReport,
  type RestoreReport,
  type StatusReport,
} from '@goqemu/lab';
import type { OperationOptions } from '../operation-options.ts';
import { LabGuests } from './lab-guests.ts';
import { LabMachine } from './lab-machine.ts';
import {
  type ApplyLabOptions,
  type CarryOutOptions,
  type DestroyLabOptions,
  type PlanLabOptions,
  type PowerLabOptions,
  type PowerMachineOptions,
  readLabOptions,
  readMachineSelection,
} from './lab-options.ts';
import { LabStep } from './lab-step.ts';
import type { LabOutputs } from './lab-types.ts';
import { RunningNetwork } from './running-network.ts';

/** Which machines a checkpoint, a restore or a fork is about. */
export interface MachineSelection extends OperationOptions, Pick<CarryOutOptions, 'lockWait'> {
  /** Names of machines. @default all of them @example ['web'] */
  readonly machines?: readonly string[];
}

/** Options of {@link RunningLab.fork} and {@link RunningLab.forks}. */
export interface ForkLabOptions extends MachineSelection {
  /** Name of its stack; several forks are numbered. @default the checkpoint's name @example 'upgrade' */
  readonly name?: string;
}

/** @internal What a lab is made of. */
export interface LabParts {
  readonly engine: Engine;
  readonly backend: Backend;
  readonly definition: LabDefinition;
  readonly name: string;
  readonly stack: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly logger: Logger;
}

/**
 * A lab in a script. What it makes outlives the script, except forks, which are removed at the end of their block; the
 * end of the lab's own block closes connections and nothing more.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * const { url } = await lab.apply();
 */
export class RunningLab<Definition extends LabDefinition = LabDefinition> implements AsyncDisposable {
  /** As `defineLab` names it. */
  readonly name: string;
  /** `default`, or the name of a fork. */
  readonly stack: string;
  readonly #parts: LabParts;
  readonly #guests: LabGuests;

  /** @internal */
  constructor(parts: LabParts) {
    this.name = parts.name;
    this.stack = parts.stack;
    this.#parts = parts;
    this.#guests = new LabGuests(parts);
  }

  /**
   * What `apply` would do. Changes nothing.
   *
   * @throws GoqemuError `machine-unknown`, `option-invalid`, and what evaluating the lab throws
   */
  async plan(options: PlanLabOptions = {}): Promise<PlanReport> {
    return planReport(await this.#plan(readLabOptions('plan', options).plan));
  }

  /**
   * Makes the machines match the lab, and returns the lab's outputs. Where another apply came first the lab is planned
   * again.
   *
   * @throws GoqemuError `apply-failed` with the first operation that failed as its cause; `locked`, `option-invalid`
   * @example
   * await lab.apply({ target: ['web'], parallel: 2, lockWait: '2 min' });
   */
  async apply(options: ApplyLabOptions = {}): Promise<LabOutputs<Definition>> {
    const read = readLabOptions('apply', options);
    return (await this.#carryOut(() => this.#plan(read.plan), read.apply)) as LabOutputs<Definition>;
  }

  /**
   * Deletes the machines with their disks; layers stay, so that the next apply is quick. Of a fork nothing stays.
   *
   * @throws GoqemuError `apply-failed`, `locked`, `option-invalid`
   */
  async destroy(options: DestroyLabOptions = {}): Promise<void> {
    const read = readLabOptions('destroy', options);
    await this.#carryOut(() => this.#parts.engine.planDestroy(read.plan), read.apply);
  }

  /**
   * Shuts machines down: each guest first, and switches off what does not follow. They stay stopped: `apply` starts them
   * only when it has work for them, or with `start: true`. The RAM of a suspended machine is dropped.
   *
   * @throws GoqemuError `power-refused`, `machine-unknown`, `apply-failed`, `locked`, `option-invalid`
   * @example
   * await lab.stop({ machines: ['web'] });
   */
  stop(options: PowerLabOptions = {}): Promise<void> {
    return this.#power('stop', options);
  }

  /**
   * Starts machines that do not run, and resolves when they are ready; suspended and paused ones resume. Where the RAM of a
   * suspended machine is lost or no longer fits, its disk boots.
   *
   * @throws GoqemuError as `stop`
   */
  start(options: PowerLabOptions = {}): Promise<void> {
    return this.#power('start', options);
  }

  /**
   * Shuts machines down and starts them again.
   *
   * @throws GoqemuError as `stop`
   */
  restart(options: PowerLabOptions = {}): Promise<void> {
    return this.#power('restart', options);
  }

  /**
   * Keeps the RAM of machines on the disk, where it outlives a reboot of the host, and ends their QEMU: what runs in them
   * continues with `resume` or `start`.
   *
   * @throws GoqemuError `suspend-refused` where RAM cannot be kept, and as `stop`
   */
  suspend(options: PowerLabOptions = {}): Promise<void> {
    return this.#power('suspend', options);
  }

  /**
   * Takes suspended and paused machines on; never boots.
   *
   * @throws GoqemuError `ram-lost` where the RAM is lost or no longer fits, and as `stop`
   */
  resume(options: PowerLabOptions = {}): Promise<void> {
    return this.#power('resume', options);
  }

  /** The machines, whether they run, and how they are reached: the document of `goqemu status --json`. */
  status(options: OperationOptions = {}): Promise<StatusReport> {
    return this.#parts.engine.status(options);
  }

  /**
   * A machine by its name. Nothing is looked up yet: an unknown one is reported by its first call.
   *
   * @example
   * const { stdout } = await lab.machine('web').exec('uptime', { check: true });
   */
  machine(name: string): LabMachine {
    return new LabMachine(name, this.#guests, {
      power: (verb, options) => this.#power(verb, { ...options, machines: [name] }),
      forward: (change, options) => this.#forward({ machine: name, ...change }, options),
    });
  }

  /**
   * A network by its name, while it runs. Nothing is looked up yet: an unknown one is reported by its first call.
   *
   * @example
   * await lab.network('lan').partition(['db-1'], ['db-2', 'db-3']);
   */
  network(name: string): RunningNetwork {
    return new RunningNetwork(name, () => this.#parts.engine.networks());
  }

  /**
   * A step of a machine by its name. Nothing is looked up yet: an unknown one is reported when it runs.
   *
   * @example
   * await lab.step('web', 'nginx').run();
   */
  step(machine: string, name: string): LabStep {
    return new LabStep(machine, name, async (options) => {
      const { engine } = this.#parts;
      const lab = await this.#evaluate(options);
      await engine.runAgain(lab, { machine, step: name, ...operation(options) });
    });
  }

  /**
   * Keeps the running machines as they are now, at one moment.
   *
   * @throws GoqemuError `machine-not-running`, `machine-unknown`, `locked`
   */
  checkpoint(description: string, options: MachineSelection = {}): Promise<CheckpointReport> {
    return this.#parts.engine.createCheckpoint({ description, ...readMachineSelection('checkpoint', options) });
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
    const selection = readMachineSelection('restore', options);
    await this.#guests.closeAll('was restored');
    return await this.#parts.engine.restoreCheckpoint(idOrName, selection);
  }

  /**
   * Deletes a checkpoint, by its id or its name; layers that nothing else needs are deleted with it.
   *
   * @throws GoqemuError `checkpoint-unknown`, `checkpoint-declared`, `locked`
   */
  async deleteCheckpoint(idOrName: string, options: OperationOptions = {}): Promise<void> {
    await this.#parts.engine.deleteCheckpoint(idOrName, options);
  }

  /**
   * Runs a copy of the lab as it was in a checkpoint, on ports of its own, until the end of its block or this process.
   *
   * @throws GoqemuError `checkpoint-unknown`, `machine-unknown`, `stack-exists`, `checkpoint-damaged`, `no-memory`,
   * `locked`, and what starting machines throws: then nothing of it stays
   * @example
   * await using fork = await lab.fork('ready');
   */
  async fork(idOrName: string, options: ForkLabOptions = {}): Promise<LabFork<Definition>> {
    const [fork] = await this.#fork(idOrName, options, 1);
    return fork as LabFork<Definition>;
  }

  /**
   * Several copies at once, named with a number.
   *
   * @throws as `fork`: all of them are made, or none
   * @example
   * await using forks = await lab.forks('ready', 4);
   * await Promise.all(forks.map((fork) => tryOut(fork)));
   */
  async forks(idOrName: string, count: number, options: ForkLabOptions = {}): Promise<LabForks<Definition>> {
    return LabForks.from(await this.#fork(idOrName, options, count)) as LabForks<Definition>;
  }

  /** @internal For what reads and keeps machines of tests that failed. */
  get parts(): LabParts {
    return this.#parts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guests.closeAll('was detached');
    await this.#parts.backend[Symbol.asyncDispose]();
  }

  /** @internal Its engine removes it; the backend is its origin's. */
  protected async remove(): Promise<void> {
    await this.closeGuests('was removed with its fork');
    await this.#parts.engine.removeFork({ lockWaitMs: removalWaitMs });
  }

  /** @internal */
  protected async closeGuests(why: string): Promise<void> {
    await this.#guests.closeAll(why);
  }

  async #fork(
    idOrName: string,
    { name, ...selection }: ForkLabOptions,
    count: number,
  ): Promise<readonly LabFork<Definition>[]> {
    const { engine, definition, parameters } = this.#parts;
    const options = readMachineSelection('fork', selection);
    const owner = await ownSign();
    const named = { ...(name === undefined ? {} : { name }), count };
    const own = { owner, definition, parameters };
    const report = await engine.fork(idOrName, { ...options, ...named, ...own });
    return report.forks.map(
      ({ name }) => new LabFork<Definition>({ ...this.#parts, engine: engine.stack(name), stack: name }),
    );
  }

  async #power(verb: PowerVerb, options: PowerLabOptions): Promise<void> {
    const read = readLabOptions('power', options);
    await this.#carryOut(() => this.#parts.engine.planPower(verb, read.power), read.apply);
  }

  async #forward(change: ForwardChange, options: PowerMachineOptions): Promise<void> {
    const read = readLabOptions('power', options);
    await this.#carryOut(() => this.#parts.engine.planForward(change, read.power), read.apply);
  }

  async #plan(options: PlanOptions): Promise<Plan> {
    return this.#parts.engine.plan(await this.#evaluate(options), options);
  }

  #evaluate(options: OperationOptions): Promise<Lab> {
    const { engine, definition, parameters } = this.#parts;
    return engine.evaluate(definition, { parameters, ...operation(options) });
  }

  async #carryOut(plan: () => Promise<Plan>, options: ApplyOptions): Promise<Readonly<Record<string, unknown>>> {
    const { result } = await this.#parts.engine.applyFresh(await plan(), {
      ...options,
      replan: plan,
      beforeApply: (current) => this.#closeGuests(current),
    });
    const { outcome, outputs, errors } = result;
    options.interrupt?.throwIfAborted();
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

  /** What is under way in guests that change ends. */
  async #closeGuests({ purpose, operations }: Plan): Promise<void> {
    if (purpose === 'apply') return this.#guests.closeAll('was changed by an apply');
    if (purpose === 'destroy') return this.#guests.closeAll('was destroyed');
    if (purpose === 'forward') return; // connections stay
    const machines = new Set(operations.map(({ resource }) => resource.name));
    await this.#guests.close([...machines], endedBy[purpose]);
  }
}

function operation({ signal }: OperationOptions): OperationOptions {
  return signal ? { signal } : {};
}

/** What has become of a machine, to a command that was under way in it. */
const endedBy: Readonly<Record<PowerVerb, string>> = {
  stop: 'was stopped',
  start: 'was started',
  restart: 'was restarted',
  suspend: 'was suspended',
  resume: 'was resumed',
};

/** Milliseconds that the end of a fork waits for another command that works on it. */
const removalWaitMs = 60_000;

/** A running copy of a lab. At the end of its block nothing of it stays: machines, disks, layers, state. */
export class LabFork<Definition extends LabDefinition = LabDefinition> extends RunningLab<Definition> {
  #isKept = false;

  /** @internal Switches it off, and leaves it for its checkpoints: neither this process nor its block ends it. */
  async keep(signal: AbortSignal): Promise<void> {
    await this.closeGuests('was kept for its trace');
    await this.parts.engine.keepFork({ lockWaitMs: removalWaitMs, signal });
    this.#isKept = true;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKept) await this.remove();
  }
}

/** Forks that were made together and go together. */
export class LabForks<Definition extends LabDefinition = LabDefinition>
  extends Array<LabFork<Definition>>
  implements AsyncDisposable
{
  /** What `map` and its like return is an ordinary array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled(Array.from(this, (fork) => fork[Symbol.asyncDispose]()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
