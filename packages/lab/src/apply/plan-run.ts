import { isDeepStrictEqual } from 'node:util';
import { GoqemuError, hasErrorCode, isGoqemuError, orAborted } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ApplyOptions, ApplyResult } from '../engine-context/engine-options.ts';
import type { ErrorReport, OperationHeader } from '../events/engine-event.ts';
import { clearFork } from '../fork/remove-fork.ts';
import { appendHistory } from '../history/history.ts';
import { coalesceLayers, tellCoalesced } from '../layer/coalesce-layers.ts';
import { collectGarbage, failedLayers, forgetFailed, forgetLostCheckpoints } from '../layer/collect-layers.ts';
import { defaultLayerLimits } from '../layer/layer-limits.ts';
import { readLabLock, writeLabLock } from '../lock/lab-lock.ts';
import type { Operation } from '../plan/operation.ts';
import type { Plan } from '../plan/plan.ts';
import { memoryFor } from '../plan/work.ts';
import { resolveOutputs } from '../report/resolve-outputs.ts';
import { type LabState, observable } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { carryOut } from './carry-out.ts';
import { MemoryAdmission } from './memory-admission.ts';
import { cutOff, errorReport } from './operation-failure.ts';
import { runGraph } from './run-graph.ts';

/** Operations at a time unless the caller says otherwise. */
const defaultParallel = 4;

/** One apply, from the first operation to the saved state. */
export class PlanRun {
  readonly #context: EngineContext;
  readonly #plan: Plan;
  readonly #writer: StateWriter;
  readonly #options: ApplyOptions;
  readonly #began: number;
  readonly #errors: { resource: string; error: ErrorReport }[] = [];
  readonly #inDoubt: string[] = [];
  readonly #done = new Set<string>();
  readonly #counts: Record<string, number> = {};
  /** What failed steps of earlier applies have left. */
  readonly #failedBefore: ReadonlySet<string>;
  /** How many operations still to be done start from a layer. */
  readonly #origins = new Map<string, number>();

  constructor(context: EngineContext, plan: Plan, writer: StateWriter, options: ApplyOptions, began: number) {
    this.#context = context;
    this.#plan = plan;
    this.#writer = writer;
    this.#options = options;
    this.#began = began;
    this.#failedBefore = failedLayers(writer.state);
    for (const operation of plan.operations) this.#countOrigin(operation, 1);
  }

  async run(): Promise<ApplyResult> {
    const { emit, plan } = { emit: this.#context.emit.bind(this.#context), plan: this.#plan };
    emit({ type: 'apply-started', lab: plan.lab, stack: plan.stack, operations: plan.operations.map(headerOf) });
    const memory = await this.#memory();
    await runGraph({
      operations: plan.operations,
      parallel: this.#options.parallel ?? defaultParallel,
      interrupt: this.#options.interrupt,
      admit: (operation) => {
        const bytes = memoryFor(operation.work);
        return bytes === undefined || memory.admit(operation.machine, bytes);
      },
      run: async (operation) => {
        const done = await this.#operation(operation);
        if (operation.work.verb === 'stop' || operation.work.verb === 'delete') memory.release(operation.machine);
        return done;
      },
      skipped: (operation, reason) => emit({ type: 'operation-skipped', id: operation.id, reason }),
      refused: (operation) => this.#failed(operation, memoryShort(operation)),
    });
    const interrupted = this.#options.interrupt?.aborted === true || this.#options.kill?.aborted === true;
    const complete = this.#done.size === plan.operations.length;
    const outcome = this.#errors.length > 0 ? 'failed' : interrupted && !complete ? 'interrupted' : 'done';
    await this.#finish(outcome);
    const outputs = resolveOutputs(this.#writer.state);
    const durationMs = this.#context.now() - this.#began;
    emit({ type: 'apply-done', outcome, durationMs });
    return { outcome, outputs, durationMs, errors: this.#errors, inDoubt: this.#inDoubt };
  }

  async #memory(): Promise<MemoryAdmission> {
    const starts = this.#plan.operations.some((operation) => memoryFor(operation.work) !== undefined);
    const machines = observable(this.#writer.state);
    const call = this.#context.plainCall(this.#plan.lineage, 'memory', this.#options.kill);
    const [budget, observed] = await Promise.all([
      starts ? this.#context.backend.memoryBudget(call) : Number.POSITIVE_INFINITY,
      starts && machines.length > 0
        ? this.#context.backend.observe(
            machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
            call,
          )
        : new Map<string, { status: string }>(),
    ]);
    const running = machines.filter((machine) =>
      ['running', 'paused'].includes(observed.get(machine.spec.name)?.status ?? ''),
    );
    return new MemoryAdmission(budget, new Map(running.map((machine) => [machine.name, machine.spec.memory])));
  }

  async #operation(operation: Operation): Promise<boolean> {
    const context = this.#context;
    const header = headerOf(operation);
    const began = context.now();
    const { kill } = this.#options;
    context.emit({ type: 'operation-started', operation: header });
    const call = context.call(this.#plan.lineage, kill, (progress) =>
      context.emit({ type: 'operation-progress', id: operation.id, progress }),
    );
    try {
      const work = carryOut(
        {
          backend: context.backend,
          writer: this.#writer,
          vault: context.vault,
          call,
          now: context.now,
          isOriginToCome: (layer) => (this.#origins.get(layer) ?? 0) > 0,
        },
        operation.id,
        operation.machine,
        operation.work,
      );
      await orAborted(work, kill);
      call.flush();
    } catch (error) {
      call.flush();
      if (kill?.aborted) this.#inDoubt.push(operation.resource);
      this.#failed(operation, error);
      return false;
    }
    this.#done.add(operation.id);
    this.#countOrigin(operation, -1);
    this.#counts[operation.action] = (this.#counts[operation.action] ?? 0) + 1;
    context.emit({ type: 'operation-done', id: operation.id, durationMs: context.now() - began });
    return true;
  }

  #countOrigin({ work }: Operation, change: 1 | -1): void {
    if (work.verb !== 'make' || !('layer' in work.origin)) return;
    const { layer } = work.origin;
    this.#origins.set(layer, (this.#origins.get(layer) ?? 0) + change);
  }

  #failed(operation: Operation, thrown: unknown): void {
    const isCutOff = this.#options.kill?.aborted === true && !isGoqemuError(thrown);
    const report = errorReport(isCutOff ? cutOff(thrown) : thrown, this.#context.vault.sensitive);
    const located =
      report.location || !operation.location ? report : { ...report, location: { ...operation.location } };
    const error = located.subject === undefined ? { ...located, subject: operation.resource } : located;
    if (!isCutOff) this.#errors.push({ resource: operation.resource, error });
    this.#context.emit({ type: 'operation-failed', id: operation.id, error });
  }

  /** The lock is still held, and nothing here can be interrupted: the state is saved whatever happened. */
  async #finish(outcome: ApplyResult['outcome']): Promise<void> {
    const context = this.#context;
    const { outputs, layerLimits } = this.#plan;
    const moved = JSON.stringify(outputs) !== JSON.stringify(this.#writer.state.outputs);
    if (moved && (outcome === 'done' || this.#plan.purpose === 'destroy')) await this.#writer.note({ outputs });
    if (!isDeepStrictEqual(layerLimits, this.#writer.state.layerLimits ?? defaultLayerLimits))
      await this.#writer.note({ layerLimits });
    if (!this.#options.kill?.aborted) {
      await this.#tidy(outcome);
      if (outcome === 'done') await this.#coalesce();
    }
    const saved = await this.#writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
    if (Object.keys(this.#plan.pins).length > 0 && outcome === 'done') {
      const lock = await readLabLock(context.storage);
      await writeLabLock(context.storage, { ...lock, images: { ...lock.images, ...this.#plan.pins } });
    }
    const first = this.#errors[0]?.error;
    await appendHistory(context.storage, {
      startedAt: new Date(this.#began).toISOString(),
      command: context.command,
      outcome,
      durationMs: context.now() - this.#began,
      operations: this.#counts,
      serial: saved.serial,
      ...(first ? { error: { code: first.code, message: first.message } } : {}),
    });
    await this.#clearFork(saved, outcome);
  }

  /** Of a fork that was destroyed nothing stays, not even the state. */
  async #clearFork(state: LabState, outcome: ApplyResult['outcome']): Promise<void> {
    const isGone = Object.values(state.machines).every((machine) => machine.record === null);
    if (state.forkedFrom && this.#plan.purpose === 'destroy' && outcome === 'done' && isGone)
      await clearFork(this.#context, state.lineage);
  }

  /** Collection and disposal are housekeeping: they fail with a notice. */
  async #tidy(outcome: ApplyResult['outcome']): Promise<void> {
    const context = this.#context;
    const call = context.plainCall(this.#plan.lineage, 'layers', undefined);
    try {
      const changed = this.#plan.operations.some((operation) => operation.action !== 'reuse');
      if (changed) {
        const over = await forgetFailed(this.#writer, this.#failedBefore);
        const gone = [...over, ...(await forgetLostCheckpoints(this.#writer))];
        await collectGarbage(context.backend, this.#writer, call, gone.length > 0 ? { gone } : {});
      }
      const empty = Object.keys(this.#writer.state.machines).length === 0;
      if (empty && this.#plan.purpose === 'destroy' && outcome === 'done') await context.backend.dispose(call);
    } catch (error) {
      if (hasErrorCode(error, 'internal')) throw error;
      const { message } = errorReport(error);
      context.emit({
        type: 'notice',
        code: 'tidying-failed',
        message: `what is no longer needed could not be removed: ${message}`,
      });
    }
  }

  /** Layers beyond the lab's limits. An interrupt leaves the rest for the next apply; a failure is a notice. */
  async #coalesce(): Promise<void> {
    const { interrupt, kill } = this.#options;
    const signal = AbortSignal.any([interrupt, kill].filter((one) => one !== undefined));
    if (signal.aborted) return;
    const context = this.#context;
    const call = context.plainCall(this.#plan.lineage, 'layers', signal);
    try {
      const { layerLimits } = this.#plan;
      tellCoalesced(context, await coalesceLayers(context.backend, this.#writer, call, layerLimits), layerLimits);
    } catch (error) {
      if (signal.aborted) return;
      if (hasErrorCode(error, 'internal')) throw error;
      const { message } = errorReport(error);
      context.emit({
        type: 'notice',
        code: 'layers-not-coalesced',
        message: `layers beyond the lab’s limits stay: ${message}`,
      });
    }
  }
}

function headerOf(operation: Operation): OperationHeader {
  const { id, action, resource, machine, reason, dependsOn, estimateMs } = operation;
  return { id, action, resource, machine, reason, dependsOn, ...(estimateMs === undefined ? {} : { estimateMs }) };
}

function memoryShort(operation: Operation): GoqemuError {
  return new GoqemuError({
    code: 'memory-short',
    source: 'environment',
    subject: operation.machine,
    message: `there is no memory left to start ${operation.machine}`,
    hint: 'stop other machines, or give this one less memory',
  });
}
