import { isDeepStrictEqual } from 'node:util';
import { anySignal, hasErrorCode, isGoqemuError, orAborted } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ApplyOptions, ApplyResult } from '../engine-context/engine-options.ts';
import type { ErrorReport, OperationHeader } from '../events/engine-event.ts';
import { clearFork } from '../fork/remove-fork.ts';
import { appendHistory } from '../history/history.ts';
import { coalesceLayers, tellCoalesced } from '../layer/coalesce-layers.ts';
import { collectGarbage, failedLayers, forgetFailed, forgetLostCheckpoints } from '../layer/collect-layers.ts';
import { defaultLayerLimits } from '../layer/layer-limits.ts';
import { readLabLock, writeLabLock } from '../lock/lab-lock.ts';
import { timeoutRows } from '../plan/changed-timeouts.ts';
import type { Plan } from '../plan/plan.ts';
import { resolveOutputs } from '../report/resolve-outputs.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { Operation } from '../resource/operation.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import type { LabState } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { MachineMemory, memoryShort } from './machine-memory.ts';
import { cutOff, errorReport } from './operation-failure.ts';
import { OriginsToCome } from './origins-to-come.ts';
import { runGraph } from './run-graph.ts';

/** Operations at a time unless the caller says otherwise. */
const defaultParallel = 4;

export interface PlanRunOptions {
  readonly plan: Plan;
  readonly writer: StateWriter;
  readonly options: ApplyOptions;
  /** Milliseconds since 1970. */
  readonly began: number;
}

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
  readonly #origins: OriginsToCome;

  constructor(context: EngineContext, { plan, writer, options, began }: PlanRunOptions) {
    this.#context = context;
    this.#plan = plan;
    this.#writer = writer;
    this.#options = options;
    this.#began = began;
    this.#failedBefore = failedLayers(writer.state);
    this.#origins = new OriginsToCome(plan.operations);
  }

  async run(): Promise<ApplyResult> {
    const { emit, plan } = { emit: this.#context.emit.bind(this.#context), plan: this.#plan };
    emit({ type: 'apply-started', lab: plan.lab, stack: plan.stack, operations: plan.operations.map(headerOf) });
    const call = this.#context.plainCall(plan.lineage, 'memory', this.#options.kill);
    const memory = await MachineMemory.open(this.#context.backend, plan.operations, this.#writer, call);
    await runGraph({
      operations: plan.operations,
      parallel: this.#options.parallel ?? defaultParallel,
      interrupt: this.#options.interrupt,
      admit: (operation) => memory.admit(operation),
      run: async (operation) => {
        const done = await this.#operation(operation);
        memory.ended(operation);
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
      const kind = context.kind(operation.resource.kind);
      const applying: ApplyContext = {
        backend: context.backend,
        writer: this.#writer,
        vault: context.vault,
        call,
        now: context.now,
        isOriginToCome: (layer) => this.#origins.has(layer),
      };
      const work = operation.action === 'delete' ? kind.delete(applying, operation) : kind.apply(applying, operation);
      await orAborted(work, kill);
      call.flush();
    } catch (error) {
      call.flush();
      if (kill?.aborted) this.#inDoubt.push(subjectOf(operation));
      this.#failed(operation, error);
      return false;
    }
    this.#done.add(operation.id);
    this.#origins.done(operation);
    this.#counts[operation.action] = (this.#counts[operation.action] ?? 0) + 1;
    context.emit({ type: 'operation-done', id: operation.id, durationMs: context.now() - began });
    return true;
  }

  #failed(operation: Operation, thrown: unknown): void {
    const isCutOff = this.#options.kill?.aborted === true && !isGoqemuError(thrown);
    const report = errorReport(isCutOff ? cutOff(thrown) : thrown, this.#context.vault.sensitive);
    const located =
      report.location || !operation.location ? report : { ...report, location: { ...operation.location } };
    const error = located.subject === undefined ? { ...located, subject: subjectOf(operation) } : located;
    if (!isCutOff) this.#errors.push({ resource: subjectOf(operation), error });
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
    const machine = timeoutRows(this.#writer.state, this.#plan.timeouts);
    if (machine) await this.#writer.note({ resources: { machine } });
    // What a failed step left, and spare layers, stay until an apply: stopping a machine makes no layer superfluous.
    const isOfLab = this.#plan.purpose === 'apply' || this.#plan.purpose === 'destroy';
    if (isOfLab && !this.#options.kill?.aborted) {
      await this.#tidy(outcome);
      if (outcome === 'done') await this.#coalesce();
    }
    const saved = await this.#writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
    if (outcome === 'done') await this.#pin();
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

  /** What the lab resolved to goes into lab.lock.json. */
  async #pin(): Promise<void> {
    const { pins, architecture } = this.#plan;
    if (Object.keys(pins).length === 0) return;
    const { storage } = this.#context;
    const lock = await readLabLock(storage);
    await writeLabLock(storage, { architecture, ...lock, images: { ...lock.images, ...pins } });
  }

  /** Of a fork that was destroyed nothing stays, not even the state. */
  async #clearFork(state: LabState, outcome: ApplyResult['outcome']): Promise<void> {
    const isGone = Object.values(state.resources).every((rows) =>
      Object.values(rows).every((row) => row.record === null),
    );
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
      const empty = Object.values(this.#writer.state.resources).every((rows) => Object.keys(rows).length === 0);
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
    const signal = anySignal(interrupt, kill);
    if (signal?.aborted) return;
    const context = this.#context;
    const call = context.plainCall(this.#plan.lineage, 'layers', signal);
    try {
      const { layerLimits } = this.#plan;
      tellCoalesced(
        context,
        await coalesceLayers({ backend: context.backend, writer: this.#writer, call }, layerLimits),
        layerLimits,
      );
    } catch (error) {
      if (signal?.aborted) return;
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
  const { id, action, resource, step, reason, dependsOn, estimateMs } = operation;
  return {
    id,
    action,
    resource,
    ...(step === undefined ? {} : { step }),
    reason,
    dependsOn,
    ...(estimateMs === undefined ? {} : { estimateMs }),
  };
}
