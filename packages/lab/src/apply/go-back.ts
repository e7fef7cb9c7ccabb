import { changedError, errorMessage, isGoqemuError } from '@goqemu/core';
import { changesDisk } from '@goqemu/spec';
import type { ApplyContext } from '../resource/apply-context.ts';
import { layerName } from '../state/layer-name.ts';
import { type FailedStep, keepFailed } from './keep-failed.ts';
import { restoreTo } from './restore-machine.ts';

/**
 * A failed step leaves the machine at the layer before it. What the step left is kept beside, to be looked at.
 *
 * @returns the error, with what became of the machine
 */
export async function goBack(context: ApplyContext, failed: FailedStep): Promise<unknown> {
  const { id, machine: name, work, before, error } = failed;
  if (!changesDisk(work.step)) {
    await context.writer.end(id, { resources: { machine: { [name]: { ...before, dirty: false } } } });
    return withAdvice(error, { next: `look at the machine: goqemu ssh ${name}${stackOption(context)}` });
  }
  const { layer } = before;
  if (layer === null)
    return withAdvice(error, { next: `look at the machine: goqemu ssh ${name}${stackOption(context)}` });
  const kept = failed.inGuest ? await keepFailed(context, failed) : undefined;
  const taken = Object.values(context.writer.state.checkpoints)
    .map((checkpoint) => checkpoint.machines[name])
    .find((machine) => machine?.layer === layer);
  const onLayer = before.applied.findIndex((step) => step.key === layer);
  const applied = taken?.applied ?? before.applied.slice(0, onLayer + 1);
  try {
    await restoreTo(context, { id, name, spec: work.spec, layer, applied, checkpoints: before.checkpoints });
  } catch (second) {
    context.call.progress({
      kind: 'notice',
      code: 'rollback-failed',
      message: `${name} could not be taken back to the layer ${layerName(applied)}; the next apply will try again: ${errorMessage(second)}`,
    });
    return error;
  }
  const back = `${name} was taken back to the layer ${layerName(applied)}`;
  if (!kept) return withAdvice(error, { became: back });
  const fork = `${name}-failed`;
  return withAdvice(error, {
    became: `${back}; what the step left, ${kept.ram ? 'with its RAM' : 'on the disk'}, is the checkpoint "${kept.name}" until the next apply`,
    next: `look at it in a fork: goqemu checkpoint fork ${kept.name} --vm ${name} --name ${fork}${stackOption(context)}, then goqemu ssh ${name} --stack ${fork}`,
  });
}

function stackOption({ writer }: ApplyContext): string {
  return writer.state.stack === 'default' ? '' : ` --stack ${writer.state.stack}`;
}

/** The same error, with more of what became of it and what to do. */
function withAdvice(error: unknown, { became, next }: { readonly became?: string; readonly next?: string }): unknown {
  if (!isGoqemuError(error)) return error;
  const detail = [error.detail, became].filter(Boolean).join('\n');
  const hint = [error.hint, next].filter(Boolean).join('; ');
  return changedError(error, { ...(detail === '' ? {} : { detail }), ...(hint === '' ? {} : { hint }) });
}
