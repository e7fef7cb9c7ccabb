import { lastCut } from './chain.ts';
import { firstChange } from './machine-changes.ts';
import { type MachinePlace, placeOf, restoreTarget } from './machine-place.ts';
import { planMake } from './plan-make.ts';
import { planWay } from './plan-way.ts';
import type { RecordedCase } from './recorded-case.ts';

/** Of a machine that is there: it stays where it is, goes to a layer, or is made again because there is none. */
export function rulesOfPlace(machine: RecordedCase): void {
  const place = placeOf(machine);
  if (!place.moves) planWay(place, undefined);
  else if (!templateOfLayers(place)) goesToLayer(place);
}

/** Only the layers of a template are wanted, and they are there: no machine needs to be started for them. */
function templateOfLayers({ context, desired, recorded, chain, furthest }: MachinePlace): boolean {
  if (desired.spec.kind !== 'template' || furthest < lastCut(chain)) return false;
  planMake(context, desired, { reason: 'its steps have changed', discard: true, recorded });
  return true;
}

function goesToLayer(place: MachinePlace): void {
  const target = restoreTarget(place);
  if (target) planWay(place, target);
  else madeForWantOfLayers(place);
}

function madeForWantOfLayers({ context, desired, recorded, found, chain, common, reason }: MachinePlace): void {
  planMake(context, desired, {
    reason: `${reason}, and no layer is left to go back to`,
    discard: true,
    diff: firstChange(found.applied, chain, common),
    recorded,
  });
}
