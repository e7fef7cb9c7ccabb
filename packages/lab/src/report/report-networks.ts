import type { ObservedNetwork } from '../backend/networks.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import { areParked } from '../network/are-parked.ts';
import { networkRows } from '../network/network-state.ts';
import type { RecordedResources } from '../resource/resource-kind.ts';
import type { NetworkReport } from './status-report.ts';

/** Looks at the networks of a state, by name. */
export async function reportNetworks({
  state,
  backend,
  call,
}: RecordedResources): Promise<{ readonly networks: readonly NetworkReport[] }> {
  const rows = Object.values(networkRows(state)).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (rows.length === 0) return { networks: [] };
  const observed = await optionalVerb(backend, 'observeNetworks')?.(call);
  const isParked = areParked(state);
  const found = (its: ObservedNetwork = { status: 'absent' }): ObservedNetwork =>
    isParked && its.status !== 'running' ? { status: 'down', reason: 'no machine in it runs' } : its;
  const networks = rows.map(({ name, spec: { cidr } }) => {
    const { status, reason } = found(observed?.get(name));
    return { name, cidr, state: status, ...(reason === undefined ? {} : { reason }) };
  });
  return { networks };
}
