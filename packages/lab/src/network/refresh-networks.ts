import { reportNetworks } from '../report/report-networks.ts';
import type { KindDrift, RecordedResources } from '../resource/resource-kind.ts';

/** A network that is down is reported and left to the next plan. */
export async function refreshNetworks(recorded: RecordedResources): Promise<KindDrift> {
  const { networks } = await reportNetworks(recorded);
  const drift = networks.flatMap(({ name, state, reason }) => {
    if (state === 'running') return [];
    return [{ name, reason: `it is ${state}${reason === undefined ? '' : `: ${reason}`}` }];
  });
  return { drift, rows: {} };
}
