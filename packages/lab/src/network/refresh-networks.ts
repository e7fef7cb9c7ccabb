import { reportNetworks } from '../report/report-networks.ts';
import type { KindDrift, RecordedResources } from '../resource/resource-kind.ts';
import { areParked } from './are-parked.ts';

/** A network that is down is reported and left to the next plan; one whose machines stand still on purpose is no drift. */
export async function refreshNetworks(recorded: RecordedResources): Promise<KindDrift> {
  if (areParked(recorded.state)) return { drift: [], rows: {} };
  const { networks } = await reportNetworks(recorded);
  const drift = networks.flatMap(({ name, state, reason }) => {
    if (state === 'running') return [];
    return [{ name, reason: `it is ${state}${reason === undefined ? '' : `: ${reason}`}` }];
  });
  return { drift, rows: {} };
}
