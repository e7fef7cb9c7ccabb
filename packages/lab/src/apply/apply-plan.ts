import { isDeepStrictEqual } from 'node:util';
import { GoqemuError } from '@goqemu/core';
import type { PreflightError } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ApplyOptions, ApplyResult } from '../engine-context/engine-options.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { defaultLayerLimits } from '../layer/layer-limits.ts';
import { timeoutRows } from '../plan/changed-timeouts.ts';
import { type Plan, problemsOf } from '../plan/plan.ts';
import { resolveOutputs } from '../report/resolve-outputs.ts';
import type { LabState } from '../state/lab-state.ts';
import { emptyState, type ReadState } from '../state/read-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { PlanRun } from './plan-run.ts';
import { settleImages } from './settle-images.ts';

/**
 * Carries a plan out. A failing operation is in the result, not thrown.
 *
 * @throws GoqemuError `plan-stale` when the state has moved on, `locked`, or the first error of the plan's preflight
 */
export async function applyPlan(context: EngineContext, made: Plan, options: ApplyOptions): Promise<ApplyResult> {
  const began = context.now();
  if (made.serial === 0) context.adoptLineage(made.lineage);
  const before = await context.read();
  // A plan that will be refused fetches nothing.
  const isWorthIt = isFresh(made, before) && problemsOf(made).length === 0;
  const plan = isWorthIt ? await settleImages(context, made, options.interrupt) : made;
  // What a killed apply had journalled is saved even when nothing else is left to do.
  const settled = !before.healed && before.journal === 0 && !before.torn;
  if (isFresh(plan, before) && settled && !hasWork(plan, before.state) && problemsOf(plan).length === 0) {
    const outputs = resolveOutputs(before.state);
    // Without the note of where it is, a state is not known, and what it has looks like left behind.
    if (before.exists) await context.storage.register(plan.lineage);
    return { outcome: 'done', outputs, durationMs: context.now() - began, errors: [], inDoubt: [] };
  }
  await using _lock = await lockLab(context, options.lockWaitMs ?? 0, options.interrupt);
  const read = await context.read();
  checkFresh(plan, read);
  // Not before: what stood in the way while another apply was at work may be gone with it.
  checkPreflight(plan);
  await checkSecrets(context, plan, read.state);
  await rememberSecrets(context, read.state);
  const state = read.exists ? read.state : emptyState(context.owner, plan.lineage);
  const writer = await StateWriter.open(context.storage, { ...read, state }, context.command);
  const secrets = Object.fromEntries(Object.entries(plan.secrets).map(([name, one]) => [name, one.from]));
  const unsaved = await context.vault.unsaved(secrets, writer.state);
  await context.vault.saveKey(); // it may have come to be with the first value that was encrypted
  if (unsaved.secrets) await writer.note(unsaved);
  // Without await the lock would be released at once.
  return await new PlanRun(context, { plan, writer, options, began }).run();
}

function hasWork(plan: Plan, state: LabState): boolean {
  return (
    plan.operations.length > 0 ||
    Object.keys(plan.pins).length > 0 ||
    JSON.stringify(plan.outputs) !== JSON.stringify(state.outputs) ||
    !isDeepStrictEqual(plan.layerLimits, state.layerLimits ?? defaultLayerLimits) ||
    timeoutRows(state, plan.timeouts) !== undefined
  );
}

function checkPreflight(plan: Plan): void {
  const [problem] = problemsOf(plan);
  if (!problem) return;
  throw new GoqemuError({
    code: problem.code,
    source: ['protected', 'disk-too-small'].includes(problem.code) ? 'user' : 'environment',
    message: problem.message,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...subjectOfProblem(problem),
    ...(problem.location ? { location: problem.location } : {}),
  });
}

function subjectOfProblem({ machine, network }: PreflightError): { readonly subject?: string } {
  const subject = machine ?? network;
  return subject === undefined ? {} : { subject };
}

function isFresh(plan: Plan, { state, journal }: ReadState): boolean {
  const same = plan.lineage === state.lineage && plan.serial === state.serial && plan.journal === journal;
  return same && plan.lab === state.lab && plan.stack === state.stack;
}

function checkFresh(plan: Plan, read: ReadState): void {
  if (isFresh(plan, read)) return;
  const { state } = read;
  throw new GoqemuError({
    code: 'plan-stale',
    source: 'user',
    message:
      plan.lab !== state.lab || plan.stack !== state.stack
        ? `the plan is for ${plan.lab} (${plan.stack}), not for ${state.lab} (${state.stack})`
        : 'the plan is stale: the lab has been changed since it was made',
    hint: 'plan again',
    data: { planned: [plan.lineage, plan.serial, plan.journal], found: [state.lineage, state.serial, read.journal] },
  });
}

async function checkSecrets(context: EngineContext, plan: Plan, state: LabState): Promise<void> {
  for (const [name, { from, fingerprint }] of Object.entries(plan.secrets)) {
    if ((await context.vault.fingerprint(name, from, state)) === fingerprint) continue;
    throw new GoqemuError({
      code: 'plan-stale',
      source: 'user',
      subject: name,
      message: `the plan is stale: the secret "${name}" has changed since it was made`,
      hint: 'plan again',
    });
  }
}

async function rememberSecrets(context: EngineContext, state: LabState): Promise<void> {
  const unreadable = await context.vault.rememberStored(state);
  if (unreadable.length === 0) return;
  context.emit({
    type: 'notice',
    code: 'secret-unreadable',
    message: `${unreadable.length} secret values in the state cannot be read, and would not be masked in what steps print: they were encrypted with another key`,
    hint: 'put the state’s key file back, or destroy the lab and apply it again',
  });
}
