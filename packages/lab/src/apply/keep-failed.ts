import { errorMessage, lengthPrefixedDigest } from '@goqemu/core';
import { cutLayer } from '../backend/cut-layer.ts';
import { failedName } from '../checkpoint/find-checkpoint.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { FailedState, MachineState } from '../state/lab-state.ts';
import { recordOf, stateOf, type WorkOf } from './machine-state.ts';

/** A step that did not come to its end. */
export interface FailedStep {
  /** Of the operation. */
  readonly id: string;
  readonly machine: string;
  readonly work: WorkOf<'step'>;
  readonly before: MachineState;
  readonly error: unknown;
  /** It failed in the guest, and not only the cut after it. */
  readonly inGuest: boolean;
}

/**
 * Cuts what a failed step left as a layer that no step has, to be looked at until the next apply. The state names it
 * before it is cut, so that the store decides after a crash; a machine that cannot be cut any more is no second failure.
 */
export async function keepFailed(
  context: ApplyContext,
  { id, machine: name, work, before }: Pick<FailedStep, 'id' | 'machine' | 'work' | 'before'>,
): Promise<{ readonly name: string; readonly ram: boolean } | undefined> {
  const { writer, backend, call } = context;
  const at = context.now();
  const layer = lengthPrefixedDigest(['goqemu-failed', writer.state.lineage, name, work.applied.key, String(at)]);
  const failed: FailedState = {
    layer,
    step: work.step.name,
    at: new Date(at).toISOString(),
    applied: before.applied,
  };
  const row = { ...stateOf(context, name), dirty: true };
  await writer.begin(id, { resources: { machine: { [name]: { ...row, failed: { ...failed, pending: true } } } } });
  try {
    const cut = await cutLayer(
      backend,
      {
        machine: work.spec,
        record: recordOf(before),
        key: layer,
        ram: true,
        descriptions: ['failed', name],
        ...(before.layer === null ? {} : { parent: before.layer }),
      },
      call,
    );
    await writer.note({ resources: { machine: { [name]: { ...row, record: cut.record, failed } } } });
    return { name: failedName(writer.state), ram: cut.layer.ram };
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.progress({
      kind: 'notice',
      code: 'failed-state-not-kept',
      message: `what the step left on ${name} could not be kept: ${errorMessage(error)}`,
    });
    return undefined;
  }
}
