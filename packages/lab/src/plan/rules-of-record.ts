import { commonLength, lastCut } from './chain.ts';
import { checkpointsUpTo } from './checkpoint-names.ts';
import { planImported } from './plan-imported.ts';
import { planMake } from './plan-make.ts';
import { reasonToMakeAnew } from './plan-reasons.ts';
import type { RecordedCase } from './recorded-case.ts';

/** Returns whether it has decided what the machine needs. */
type RecordRule = (machine: RecordedCase) => boolean;

/** It was asked for, an apply was interrupted, what the machine is made from has changed, or its disk is gone. */
const madeAgain: RecordRule = ({ context, desired, recorded, observed }) => {
  const again = reasonToMakeAnew(context, desired, recorded, observed);
  if (again) planMake(context, desired, { ...again, discard: true, recorded });
  return again !== undefined;
};

/** It has no layers. */
const imported: RecordRule = (machine) => {
  if (machine.recorded.imported) planImported(machine);
  return machine.recorded.imported === true;
};

/** A template that was never made here: its layers are looked at instead. */
const adopted: RecordRule = ({ context, desired, recorded }) => {
  if (recorded.record !== null) return false;
  const { chain, declaration } = desired;
  const isSame =
    recorded.applied.length === chain.length &&
    commonLength(recorded.applied, chain) === chain.length &&
    context.furthestUsable(chain) >= lastCut(chain) &&
    recorded.protect === declaration.protect &&
    recorded.retain === declaration.retain &&
    JSON.stringify(Object.entries(recorded.checkpoints).sort()) ===
      JSON.stringify(Object.entries(checkpointsUpTo(context, desired, chain.length)).sort());
  if (!isSame) planMake(context, desired, { reason: 'its steps have changed', discard: false, recorded });
  return true;
};

/** Its disk is there, and the way to the first layer is left. */
const neverReady: RecordRule = ({ context, desired, recorded }) => {
  if (recorded.applied.length > 0) return false;
  const reason = 'it was made and has not been ready yet: the apply continues with it';
  planMake(context, desired, { reason, discard: false, resume: true, recorded });
  return true;
};

/** What the record alone decides, before anybody asks how far the machine has come. */
export const rulesOfRecord: readonly RecordRule[] = [madeAgain, imported, adopted, neverReady];
