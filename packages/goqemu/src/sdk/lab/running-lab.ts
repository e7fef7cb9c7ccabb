import { ownSign } from '@goqemu/core';
import {
  type CheckpointReport,
  type LabDefinition,
  type PlanReport,
  planReport,
  type RestoreReport,
  type StatusReport,
} from '@goqemu/lab';
import type { OperationOptions } from '../operation-options.ts';
import { LabGuests } from './lab-guests.ts';
import { LabMachine } from './lab-machine.ts';
import {
  type ApplyLabOptions,
  type DestroyLabOptions,
  type ForkLabOptions,
  type MachineSelection,
  type PlanLabOptions,
  type PowerLabOptions,
  readLabOptions,
  readMachineSelection,
} from './lab-options.ts';
import { LabStep } from './lab-step.ts';
import {
  type CheckpointChoice,
  checkpointText,
  type LabOutputs,
  type MachineName,
  type StepName,
} from './lab-types.ts';
import { type LabParts, LabWork } from './lab-work.ts';
import { RunningNetwork } from './running-network.ts';

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
  readonly #work: LabWork;

  /** @internal */
  constructor(parts: LabParts) {
    this.name = parts.name;
    this.stack = parts.stack;
    this.#parts = parts;
    this.#guests = new LabGuests(parts);
    this.#work = new LabWork(parts, this.#guests);
  }

  /**
   * What `apply` would do. Changes nothing.
   *
   * @throws GoqemuError `machine-unknown`, `option-invalid`, and what evaluating the lab throws
   */
  async plan(options: PlanLabOptions<Definition> = {}): Promise<PlanReport> {
    return planReport(await this.#work.plan(readLabOptions('plan', options).plan));
  }

  /**
   * Makes the machines match the lab, and returns the lab's outputs. Where another apply came first the lab is planned
   * again.
   *
   * @throws GoqemuError `apply-failed` with the first operation that failed as its cause; `locked`, `option-invalid`
   * @example
   * await lab.apply({ target: ['web'], parallel: 2, lockWait: '2 min' });
   */
  async apply(options: ApplyLabOptions<Definition> = {}): Promise<LabOutputs<Definition>> {
    const read = readLabOptions('apply', options);
    return (await this.#work.carryOut(() => this.#work.plan(read.plan), read.apply)) as LabOutputs<Definition>;
  }

  /**
   * Deletes the machines with their disks; layers stay, so that the next apply is quick. Of a fork nothing stays.
   *
   * @throws GoqemuError `apply-failed`, `locked`, `option-invalid`
   */
  async destroy(options: DestroyLabOptions<Definition> = {}): Promise<void> {
    const read = readLabOptions('destroy', options);
    await this.#work.carryOut(() => this.#parts.engine.planDestroy(read.plan), read.apply);
  }

  /**
   * Shuts machines down: each guest first, and switches off what does not follow. They stay stopped: `apply` starts them
   * only when it has work for them, or with `start: true`. The RAM of a suspended machine is dropped.
   *
   * @throws GoqemuError `power-refused`, `machine-unknown`, `apply-failed`, `locked`, `option-invalid`
   * @example
   * await lab.stop({ machines: ['web'] });
   */
  stop(options: PowerLabOptions<Definition> = {}): Promise<void> {
    return this.#work.power('stop', options);
  }

  /**
   * Starts machines that do not run, and resolves when they are ready; suspended and paused ones resume. Where the RAM of a
   * suspended machine is lost or no longer fits, its disk boots.
   *
   * @throws GoqemuError as `stop`
   */
  start(options: PowerLabOptions<Definition> = {}): Promise<void> {
    return this.#work.power('start', options);
  }

  /**
   * Shuts machines down and starts them again.
   *
   * @throws GoqemuError as `stop`
   */
  restart(options: PowerLabOptions<Definition> = {}): Promise<void> {
    return this.#work.power('restart', options);
  }

  /**
   * Keeps the RAM of machines on the disk, where it outlives a reboot of the host, and ends their QEMU: what runs in them
   * continues with `resume` or `start`.
   *
   * @throws GoqemuError `suspend-refused` where RAM cannot be kept, and as `stop`
   */
  suspend(options: PowerLabOptions<Definition> = {}): Promise<void> {
    return this.#work.power('suspend', options);
  }

  /**
   * Takes suspended and paused machines on; never boots.
   *
   * @throws GoqemuError `ram-lost` where the RAM is lost or no longer fits, and as `stop`
   */
  resume(options: PowerLabOptions<Definition> = {}): Promise<void> {
    return this.#work.power('resume', options);
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
  machine(name: MachineName<Definition>): LabMachine {
    return new LabMachine(name, this.#guests, {
      power: (verb, options) => this.#work.power(verb, { ...options, machines: [name] }),
      forward: (change, options) => this.#work.forward({ machine: name, ...change }, options),
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
  step<Machine extends MachineName<Definition>>(machine: Machine, name: StepName<Definition, Machine>): LabStep {
    return new LabStep(machine, name, (options) => this.#work.runStep(machine, name, options));
  }

  /**
   * Keeps the running machines as they are now, at one moment.
   *
   * @throws GoqemuError `machine-not-running`, `machine-unknown`, `locked`
   */
  checkpoint(description: string, options: MachineSelection<Definition> = {}): Promise<CheckpointReport> {
    return this.#parts.engine.createCheckpoint({ description, ...readMachineSelection('checkpoint', options) });
  }

  /** Checkpoints that were taken, and those that the lab declares. */
  async checkpoints(options: OperationOptions = {}): Promise<readonly CheckpointReport[]> {
    return (await this.#parts.engine.listCheckpoints(options)).checkpoints;
  }

  /**
   * Takes machines back to a checkpoint: one that the lab declares, by its name, or what `checkpoint()` returned. Where
   * the lab's type says nothing of its checkpoints, any name and any id will do.
   *
   * @throws GoqemuError `checkpoint-unknown`, `checkpoint-damaged`, `machine-unknown`, `locked`
   */
  async restore(
    checkpoint: CheckpointChoice<Definition>,
    options: MachineSelection<Definition> = {},
  ): Promise<RestoreReport> {
    const selection = readMachineSelection('restore', options);
    await this.#guests.closeAll('was restored');
    return await this.#parts.engine.restoreCheckpoint(checkpointText(checkpoint), selection);
  }

  /**
   * Deletes a checkpoint that was taken, by its id, its name or what `checkpoint()` returned; layers that nothing else needs are deleted with it.
   *
   * @throws GoqemuError `checkpoint-unknown`, `checkpoint-declared`, `locked`
   */
  async deleteCheckpoint(checkpoint: CheckpointChoice, options: OperationOptions = {}): Promise<void> {
    await this.#parts.engine.deleteCheckpoint(checkpointText(checkpoint), options);
  }

  /**
   * Runs a copy of the lab as it was in a checkpoint, on ports of its own, until the end of its block or this process.
   *
   * @throws GoqemuError `checkpoint-unknown`, `machine-unknown`, `stack-exists`, `checkpoint-damaged`, `no-memory`,
   * `locked`, and what starting machines throws: then nothing of it stays
   * @example
   * await using fork = await lab.fork('ready');
   */
  async fork(
    checkpoint: CheckpointChoice<Definition>,
    options: ForkLabOptions<Definition> = {},
  ): Promise<LabFork<Definition>> {
    const [fork] = await this.#fork(checkpoint, options, 1);
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
  async forks(
    checkpoint: CheckpointChoice<Definition>,
    count: number,
    options: ForkLabOptions<Definition> = {},
  ): Promise<LabForks<Definition>> {
    return LabForks.from(await this.#fork(checkpoint, options, count)) as LabForks<Definition>;
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
    checkpoint: CheckpointChoice<Definition>,
    { name, ...selection }: ForkLabOptions<Definition>,
    count: number,
  ): Promise<readonly LabFork<Definition>[]> {
    const { engine, definition, parameters } = this.#parts;
    const options = readMachineSelection('fork', selection);
    const owner = await ownSign();
    const named = { ...(name === undefined ? {} : { name }), count };
    const own = { owner, definition, parameters };
    const report = await engine.fork(checkpointText(checkpoint), { ...options, ...named, ...own });
    return report.forks.map(
      ({ name }) => new LabFork<Definition>({ ...this.#parts, engine: engine.stack(name), stack: name }),
    );
  }
}

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
