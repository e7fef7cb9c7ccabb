import { readFile } from 'node:fs/promises';
import { type GoqemuError, writeFileAtomic } from '@goqemu/core';
import { errorReport } from '../apply/operation-failure.ts';
import type { CheckpointCall } from '../checkpoint/checkpoint-call.ts';
import type {
  CheckpointListReport,
  CheckpointReport,
  FlattenReport,
  RestoreReport,
} from '../checkpoint/checkpoint-report.ts';
import type { LabDefinition } from '../definition/define-lab.ts';
import { EngineContext } from '../engine-context/engine-context.ts';
import type {
  ApplyFreshOptions,
  ApplyOptions,
  ApplyResult,
  EngineOptions,
  FoundMachine,
  FreshResult,
  PlanOptions,
  PowerOptions,
} from '../engine-context/engine-options.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { ForkOptions } from '../fork/fork-options.ts';
import type { ForkReport } from '../fork/fork-report.ts';
import type { ForkRoom } from '../fork/fork-room.ts';
import { allForksOf, unreadableStacks } from '../fork/forks-of.ts';
import type { ForwardChange } from '../forward/forward-change.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { ImportOptions } from '../import/import-machine.ts';
import type { ImportReport } from '../import/import-report.ts';
import type { PruneReport } from '../layer/prune-layers.ts';
import type { LockChange } from '../lock/update-lock.ts';
import type { LiveNetworks } from '../network/live-networks.ts';
import type { Plan } from '../plan/plan.ts';
import type { PowerVerb } from '../power/power-verb.ts';
import type { RefreshReport } from '../refresh/refresh-state.ts';
import { foundMachine, foundMachines } from '../report/found-machines.ts';
import { makeStatusReport } from '../report/make-status-report.ts';
import { resolveOutputs } from '../report/resolve-outputs.ts';
import type { StatusReport } from '../report/status-report.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import type { StepOfMachine } from '../step/run-again.ts';
import { type EvaluationOptions, evaluateWithState } from './evaluate-with-state.ts';
import { announced, planDestroy, planLab } from './plan-lab.ts';
import { resourceKinds } from './resource-kinds.ts';

/**
 * Plans and applies one stack of one lab. It never prints: it emits events. What acts is loaded with the first verb that
 * acts. As long as the list of its verbs, each of which is a line here and a file elsewhere.
 *
 * @example
 * const engine = new Engine({ backend, lab: 'web', labFolder, labFile, stateFolder, home, command: 'goqemu apply' });
 * const lab = await engine.evaluate(definition);
 * const result = await engine.apply(await engine.plan(lab));
 */
export class Engine {
  readonly #context: EngineContext;

  /** @param kinds for tests: what it knows of resources */
  constructor(options: EngineOptions, kinds: readonly ResourceKind[] = resourceKinds) {
    this.#context = new EngineContext(options, kinds);
  }

  /**
   * Runs the lab's program with the addresses and ports that the state has recorded; new ones are chosen among
   * those that no program listens on. Read-only.
   */
  evaluate(definition: LabDefinition, options: EvaluationOptions = {}): Promise<Lab> {
    return evaluateWithState(this.#context, definition, options);
  }

  /** What applying would do. Read-only and without the lock. */
  plan(lab: Lab, options: PlanOptions = {}): Promise<Plan> {
    return planLab(this.#context, lab, options);
  }

  /** A plan whose desired set is empty. */
  planDestroy(options: PlanOptions = {}): Promise<Plan> {
    return planDestroy(this.#context, options);
  }

  /**
   * What stopping, starting, restarting, suspending or resuming machines would do; `apply` does it. The lab's program is not
   * asked. Read-only and without the lock.
   *
   * @throws GoqemuError `machine-unknown`, `suspend-refused`
   */
  async planPower(verb: PowerVerb, options: PowerOptions = {}): Promise<Plan> {
    const { planPower } = await acting();
    return announced(this.#context, await planPower(this.#context, verb, options));
  }

  /**
   * What forwarding a port to a machine manually would do, or taking such a forward away; `apply` does it. Read-only and
   * without the lock.
   *
   * @throws GoqemuError `machine-unknown`, `forward-refused`, `forward-missing`, `port-taken`
   */
  async planForward(change: ForwardChange, options: { readonly signal?: AbortSignal } = {}): Promise<Plan> {
    const { planForward } = await acting();
    return announced(this.#context, await planForward(this.#context, change, options.signal));
  }

  /**
   * Does what the plan says. A failing operation is in the result, not thrown.
   *
   * @throws GoqemuError `plan-stale`, `locked`, or the first error of the plan's preflight
   */
  async apply(plan: Plan, options: ApplyOptions = {}): Promise<ApplyResult> {
    const { applyPlan } = await acting();
    return applyPlan(this.#context, plan, options);
  }

  /**
   * Runs a step of the lab on a machine as it is now, with the values that the last apply kept. Nothing of it is recorded.
   *
   * @throws GoqemuError `machine-unknown`, `machine-not-running`, `step-unknown`, `source-unreadable`, and what running it
   * throws
   */
  async runAgain(lab: Lab, step: StepOfMachine & { readonly signal?: AbortSignal }): Promise<void> {
    const { runAgain } = await acting();
    return runAgain(this.#context, lab, step);
  }

  /**
   * Fetches the images that the plan starts from and carries the plan out. It is made again by `replan` when images have
   * been fetched, since their content is in the keys of all layers, and when another apply came first.
   *
   * @throws GoqemuError as `apply`
   */
  async applyFresh(plan: Plan, options: ApplyFreshOptions): Promise<FreshResult> {
    const { applyFresh } = await acting();
    return applyFresh(this.#context, plan, options);
  }

  /**
   * Takes a running machine that was not started by goqemu into the state.
   *
   * @throws GoqemuError `machine-unknown`, `machine-there`, `import-differs`, `import-refused`, `locked`
   */
  async importMachine(lab: Lab, options: ImportOptions): Promise<ImportReport> {
    const { importMachine } = await acting();
    return importMachine(this.#context, lab, options);
  }

  /** Looks at every machine, writes what it found into the state, and returns what had drifted. */
  async refresh(options: { readonly signal?: AbortSignal } = {}): Promise<RefreshReport> {
    const { refreshState } = await acting();
    return refreshState(this.#context, options.signal);
  }

  async status(options: { readonly signal?: AbortSignal } = {}): Promise<StatusReport> {
    return makeStatusReport(this.#context, options.signal);
  }

  /** The outputs of the last apply; those with a secret in them are null. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    return resolveOutputs((await this.#context.read()).state);
  }

  /** @throws GoqemuError `machine-unknown` with the nearest name */
  async machine(name: string): Promise<FoundMachine> {
    return foundMachine(await this.machines(), name);
  }

  /** The machines that have been made, in the order of their names. */
  machines(): Promise<readonly FoundMachine[]> {
    return foundMachines(this.#context);
  }

  /** The networks as they run: their counters, captures and faults. Needs no lock. */
  async networks(options: { readonly signal?: AbortSignal } = {}): Promise<LiveNetworks> {
    const { LiveNetworks } = await acting();
    const { state } = await this.#context.read();
    const call = this.#context.plainCall(state.lineage, 'network', options.signal);
    return new LiveNetworks({ backend: this.#context.backend, state, call });
  }

  /** @throws GoqemuError `machine-unknown`, `machine-not-running`, `locked` */
  async createCheckpoint(options: CheckpointCall & { readonly description: string }): Promise<CheckpointReport> {
    const { createCheckpoint } = await acting();
    return createCheckpoint(this.#context, options);
  }

  /** @throws GoqemuError `checkpoint-unknown`, `machine-unknown`, `locked` */
  async restoreCheckpoint(idOrName: string, options: CheckpointCall = {}): Promise<RestoreReport> {
    const { restoreCheckpoint } = await acting();
    return restoreCheckpoint(this.#context, idOrName, options);
  }

  async listCheckpoints(options: { readonly signal?: AbortSignal } = {}): Promise<CheckpointListReport> {
    const { listCheckpoints } = await acting();
    return listCheckpoints(this.#context, options.signal);
  }

  /**
   * Makes running copies of the lab as it was in a checkpoint: each a stack of its own, on ports of its own.
   *
   * @throws GoqemuError `checkpoint-unknown`, `machine-unknown`, `stack-exists`, `checkpoint-damaged`, `locked`, and
   * what starting machines throws; then no fork is left
   */
  async fork(idOrName: string, options: ForkOptions = {}): Promise<ForkReport> {
    const { forkCheckpoint } = await acting();
    const report = await forkCheckpoint(this.#context, idOrName, options);
    const { definition, parameters } = options;
    if (definition)
      for (const { name } of report.forks) await this.#writeOutputs(name, definition, parameters ? { parameters } : {});
    return report;
  }

  /**
   * The names of the forks of this stack and of their forks, each before the one that it was forked from.
   *
   * @param options bound: only those that end with a process
   */
  async forks(options: { readonly bound?: boolean } = {}): Promise<readonly string[]> {
    const all = await allForksOf(this.#context);
    return all.filter(({ isBound }) => isBound || !options.bound).map(({ name }) => name);
  }

  /** Why stacks of the lab are in no list of forks, though they may be some: what is wrong with the state of each. */
  async unreadableStacks(): Promise<readonly GoqemuError[]> {
    return await unreadableStacks(this.#context);
  }

  /** What a fork of this stack may need of the host's memory, and what there is. */
  async forkRoom(options: { readonly signal?: AbortSignal } = {}): Promise<ForkRoom> {
    const { forkRoom } = await acting();
    return forkRoom(this.#context, options.signal);
  }

  /**
   * Removes what killed processes left of forks: what every verb that takes the lock does first. Takes none where nothing is
   * left.
   *
   * @returns their names
   * @throws GoqemuError `locked`
   */
  async removeDeadForks(options: { readonly lockWaitMs?: number } = {}): Promise<readonly string[]> {
    const { tidyForks } = await acting();
    return tidyForks(this.#context, options.lockWaitMs ?? 0);
  }

  /** The same lab in another stack. */
  stack(name: string): Engine {
    return new Engine(this.#context.optionsFor(name), this.#context.kinds);
  }

  /**
   * Leaves nothing of this stack, which is a fork.
   *
   * @throws GoqemuError `not-a-fork`, `locked`
   */
  async removeFork(options: { readonly lockWaitMs?: number } = {}): Promise<void> {
    const { removeFork } = await acting();
    return removeFork(this.#context, options.lockWaitMs ?? 0);
  }

  /**
   * Keeps this stack, which is a fork, for its checkpoints: it is no longer bound to a process, and its machines are switched
   * off at once.
   *
   * @throws GoqemuError `not-a-fork`, `locked`
   */
  async keepFork(options: { readonly lockWaitMs?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { keepFork } = await acting();
    return keepFork(this.#context, options.lockWaitMs ?? 0, options.signal);
  }

  /** The secrets of the lab in every form in which they may appear, to be masked in what its guests print. */
  async secretTexts(lab: Lab): Promise<readonly string[]> {
    const { secretTexts } = await acting();
    return secretTexts(this.#context, lab);
  }

  /** @throws GoqemuError `checkpoint-unknown`, `checkpoint-declared`, `locked` */
  async deleteCheckpoint(
    idOrName: string,
    options: { readonly lockWaitMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<CheckpointReport> {
    const { deleteCheckpoint } = await acting();
    return deleteCheckpoint(this.#context, idOrName, options);
  }

  /**
   * Writes the disks of a checkpoint as one file each on their images.
   *
   * @throws GoqemuError `checkpoint-unknown`, `locked`, `layer-missing`, `flatten-failed`, `no-room`
   */
  async flattenCheckpoint(idOrName: string, options: { readonly signal?: AbortSignal } = {}): Promise<FlattenReport> {
    const { flattenCheckpoint } = await acting();
    return flattenCheckpoint(this.#context, idOrName, options.signal);
  }

  /** Gives up cached layers that no machine and no checkpoint needs. @throws GoqemuError `locked` */
  async pruneLayers(options: { readonly dryRun?: boolean; readonly signal?: AbortSignal } = {}): Promise<PruneReport> {
    const { pruneLayers } = await acting();
    return pruneLayers(this.#context, { dryRun: options.dryRun === true, signal: options.signal });
  }

  /** Oldest first. */
  async history(): Promise<readonly HistoryEntry[]> {
    const { readHistory } = await acting();
    return readHistory(this.#context.storage);
  }

  /** What the lab's images stand for today against lab.lock.json; `update` writes it. */
  async lock(
    lab: Lab,
    options: { readonly update: boolean; readonly signal?: AbortSignal },
  ): Promise<readonly LockChange[]> {
    const { updateLock } = await acting();
    return updateLock(this.#context, lab, options);
  }

  /** Writes a plan to a file, to be applied later by `readPlan` and `apply`. */
  async savePlan(plan: Plan, path: string): Promise<void> {
    // Fingerprints in the plan are under the state's key: without it the plan would be stale at once.
    if (Object.keys(plan.secrets).length > 0) await this.#context.vault.saveKey();
    await writeFileAtomic(path, `${JSON.stringify(plan, null, 1)}\n`, { mode: 0o600 });
  }

  /** @throws GoqemuError `plan-invalid` when the file holds none, `plan-newer` when a later goqemu wrote it */
  static async readPlan(path: string): Promise<Plan> {
    const { parsePlan } = await acting();
    return parsePlan(await readFile(path, 'utf8'), path);
  }

  /** Outputs hold ports, and a fork has its own: an apply that has nothing else to do writes them down. */
  async #writeOutputs(stack: string, definition: LabDefinition, options: { parameters?: Record<string, unknown> }) {
    const fork = new Engine({ ...this.#context.optionsFor(stack), emit: () => undefined }, this.#context.kinds);
    try {
      const plan = await fork.plan(await fork.evaluate(definition, options));
      if (plan.operations.length === 0) await fork.apply(plan);
    } catch (error) {
      const message = `the outputs of ${stack} are not known: ${errorReport(error).message}`;
      this.#context.emit({ type: 'notice', code: 'outputs-unknown', message });
    }
  }
}

function acting() {
  return import('./acting.ts');
}
