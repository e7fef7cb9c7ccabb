import { internalError } from '@goqemu/core';
import type { CheckpointListReport, CheckpointReport, RestoreReport } from '../checkpoint/checkpoint-report.ts';
import type { LabDefinition } from '../definition/define-lab.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Plan } from '../plan/plan.ts';
import type { StatusReport } from '../report/status-report.ts';
import type { ApplyOptions, ApplyResult, EngineOptions, FoundMachine, PlanOptions } from './engine-options.ts';

/** Plans and applies one stack of one lab. It never prints: it emits events. */
export class Engine {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  #later(verb: string): never {
    throw internalError(`${verb} of ${this.#options.lab} arrives with the next commits`);
  }

  /** Runs the lab's program with the addresses and ports that the state has recorded. Read-only. */
  evaluate(_definition: LabDefinition, _options?: { parameters?: Readonly<Record<string, unknown>> }): Promise<Lab> {
    this.#later('evaluate');
  }
  /** What applying would do. Read-only and without the lock. */
  plan(_lab: Lab, _options?: PlanOptions): Promise<Plan> {
    this.#later('plan');
  }
  /** A plan whose desired set is empty. */
  planDestroy(_options?: PlanOptions): Promise<Plan> {
    this.#later('planDestroy');
  }
  /** Does what the plan says. A failing operation is in the result, not thrown. */
  apply(_plan: Plan, _options?: ApplyOptions): Promise<ApplyResult> {
    this.#later('apply');
  }
  /** Looks at every machine and writes what it found into the state; returns what had drifted. */
  refresh(_options?: {
    signal?: AbortSignal;
  }): Promise<{ readonly drift: readonly { readonly machine: string; readonly reason: string }[] }> {
    this.#later('refresh');
  }
  status(_options?: { signal?: AbortSignal }): Promise<StatusReport> {
    this.#later('status');
  }
  outputs(): Promise<Readonly<Record<string, unknown>>> {
    this.#later('outputs');
  }
  /** @throws GoqemuError `machine-unknown` with the nearest name */
  machine(_name: string): Promise<FoundMachine> {
    this.#later('machine');
  }
  machines(): Promise<readonly FoundMachine[]> {
    this.#later('machines');
  }
  createCheckpoint(_options: {
    readonly description: string;
    readonly machines?: readonly string[];
    readonly signal?: AbortSignal;
  }): Promise<CheckpointReport> {
    this.#later('createCheckpoint');
  }
  restoreCheckpoint(
    _idOrName: string,
    _options?: { readonly machines?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<RestoreReport> {
    this.#later('restoreCheckpoint');
  }
  listCheckpoints(_options?: { signal?: AbortSignal }): Promise<CheckpointListReport> {
    this.#later('listCheckpoints');
  }
  deleteCheckpoint(_idOrName: string, _options?: { signal?: AbortSignal }): Promise<CheckpointReport> {
    this.#later('deleteCheckpoint');
  }
  history(): Promise<readonly HistoryEntry[]> {
    this.#later('history');
  }
  /** Writes a plan to a file, to be applied later with `readPlan`. */
  savePlan(_plan: Plan, _path: string): Promise<void> {
    this.#later('savePlan');
  }
  /** @throws GoqemuError `plan-invalid` when the file holds none, `plan-newer` when a later goqemu wrote it */
  static readPlan(_path: string): Promise<Plan> {
    throw internalError('readPlan arrives with the next commits');
  }
}
