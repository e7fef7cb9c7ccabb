import type { BackendCall } from '../backend/backend.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { networkRows } from '../network/network-state.ts';
import type { LabState } from '../state/lab-state.ts';
import type { NetworkReport } from './status-report.ts';

/** Looks at the networks of a state, by name. */
export async function networkReports(
  { backend }: Pick<EngineContext, 'backend'>,
  state: LabState,
  call: BackendCall,
): Promise<readonly NetworkReport[]> {
  const rows = Object.values(networkRows(state)).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (rows.length === 0) return [];
  const observed = await optionalVerb(backend, 'observeNetworks')?.(call);
  return rows.map(({ name, spec: { cidr } }) => {
    const { status, reason } = observed?.get(name) ?? { status: 'absent' };
    return { name, cidr, state: status, ...(reason === undefined ? {} : { reason }) };
  });
}
