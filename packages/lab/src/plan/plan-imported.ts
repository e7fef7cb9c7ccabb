import { parkedAs } from '../power/parked.ts';
import type { PropertyChange } from '../resource/operation.ts';
import { machineRef } from '../resource/resource-ref.ts';
import { commonLength } from './chain.ts';
import { restartChanges } from './machine-changes.ts';
import { planMake } from './plan-make.ts';
import { updateReason, whyBack, whyStart, whyWakeUp } from './plan-reasons.ts';
import { planSteps } from './plan-steps.ts';
import { propertyDiff } from './property-diff.ts';
import type { RecordedCase } from './recorded-case.ts';

/**
 * A machine that was not started by goqemu stands on no layer: steps run in it from where it is, and what would take it
 * back or start it again makes a new one, which only `--replace` allows.
 */
export function planImported({ context, desired, recorded, observed }: RecordedCase): void {
  const { chain, spec, declaration } = desired;
  const { name } = declaration;
  const remake = (reason: string, diff: readonly PropertyChange[]) =>
    planMake(context, desired, { reason, discard: true, diff, recorded });
  const restartDiff = restartChanges(recorded.spec, desired.spec, observed, { liveForwards: false });
  const have = commonLength(recorded.applied, chain);
  if (recorded.applied.length > have) {
    const reason = whyBack({ applied: recorded.applied, dirty: false }, chain, have);
    remake(`${reason}, and an imported machine has no layer to go back to`, []);
    return;
  }
  if (restartDiff.length > 0) {
    remake(`${updateReason({ restartDiff, diff: [] })}, and goqemu did not start it`, restartDiff);
    return;
  }
  const facts = { protect: declaration.protect, retain: declaration.retain };
  const diff = propertyDiff({ protect: recorded.protect, retain: recorded.retain }, facts);
  if (diff.length > 0) {
    context.add(
      {
        action: 'update',
        resource: machineRef(name),
        reason: updateReason({ restartDiff: [], diff }),
        changeClass: 'live',
        diff,
        work: { verb: 'update', spec, restart: false, facts, checkpoints: {}, describe: [], recut: false },
      },
      have - 1,
    );
  }
  const parked = parkedAs(recorded, observed);
  const remaining = chain.slice(have);
  if (observed?.status === 'paused' && (!parked || remaining.length > 0 || context.facts.start)) {
    const cause = { context, remaining, recut: false, restartDiff, restarts: false };
    const reason = parked ? whyWakeUp(cause, parked) : whyStart(recorded, observed);
    context.add({ action: 'start', resource: machineRef(name), reason, work: { verb: 'start', spec } }, have - 1);
  }
  planSteps(context, desired, have, { layers: false });
}
