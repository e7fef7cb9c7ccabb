import { optionalVerb } from '../backend/optional-verb.ts';
import type { RecordedResources } from '../resource/resource-kind.ts';
import { networkRows } from './network-state.ts';

/** Leaves nothing of a stack's networks. */
export async function clearNetworks({ state, backend, call }: RecordedResources): Promise<void> {
  if (Object.keys(networkRows(state)).length > 0) await optionalVerb(backend, 'removeNetworks')?.(call);
}
