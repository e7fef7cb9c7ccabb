import { changedError, GoqemuError, hasErrorCode } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import type { Backend, BackendCall, BackendRecord } from '../backend/backend.ts';
import type { PlannedStep } from './planned-step.ts';
import { previewPlanned } from './preview-planned.ts';
import type { ResolvedStep, StepResult } from './resolved-step.ts';
import { uploadDigest } from './upload-digest.ts';

/** A step on a machine. */
export interface StepOnMachine {
  readonly spec: MachineSpec;
  readonly record: BackendRecord;
  /** As the lab has it. */
  readonly planned: PlannedStep;
  readonly step: ResolvedStep;
}

/**
 * Runs a step; one whose output is a secret tells nothing of it, not even when it fails. An error has the script as the
 * lab has it, without the values that were filled in.
 */
export async function runQuietly(
  { backend, call }: { readonly backend: Backend; readonly call: BackendCall },
  { spec, record, planned, step }: StepOnMachine,
): Promise<StepResult> {
  const secret = step.secretOutput === true;
  const quiet: BackendCall = {
    ...call,
    progress: (event) => {
      if (!secret || event.kind !== 'output') call.progress(event);
    },
  };
  try {
    return await backend.runStep(spec, record, step, quiet);
  } catch (error) {
    if (!hasErrorCode(error, 'step-failed') || planned.kind !== 'run') throw error;
    const { exitCode, signal, output } = error.data;
    const data = { command: previewPlanned(planned.script), exitCode, signal };
    throw secret
      ? changedError(error, { detail: 'its output is a secret and is not shown', data })
      : changedError(error, { data: { ...data, output } });
  }
}

/** What is uploaded must be what was planned. @throws GoqemuError `source-changed` */
export async function checkSource(step: PlannedStep): Promise<void> {
  if (step.kind !== 'upload') return;
  const { source, digest, name } = step;
  if ((await uploadDigest(source)).content === digest) return;
  throw new GoqemuError({
    code: 'source-changed',
    source: 'user',
    subject: name,
    message: `${source} has changed since the plan was made`,
    hint: 'plan again',
  });
}
