import { optionalVerb } from '../backend/optional-verb.ts';
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
  const networks = rows.map(({ name, spec: { cidr } }) => {
    const { status, reason } = observed?.get(name) ?? { status: 'absent' as const };
    return { name, cidr, state: status, ...(reason === undefined ? {} : { reason }) };
  });
  return { networks };
}
