import type { Backend, BackendCall } from '../backend/backend.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { LabState } from '../state/lab-state.ts';
import { networkConfiguration } from './network-configuration.ts';
import { networkRows } from './network-state.ts';

/** Brings the networks of a stack up as they are recorded, where they are down: machines are about to come up in them. */
export async function wakeNetworks(backend: Backend, state: LabState, call: BackendCall): Promise<void> {
  const rows = Object.values(networkRows(state)).filter(({ record, phase }) => record !== null && phase !== 'deleting');
  if (rows.length === 0) return;
  const observed = await optionalVerb(backend, 'observeNetworks')?.(call);
  if (rows.every(({ name }) => observed?.get(name)?.status === 'running')) return;
  await optionalVerb(backend, 'applyNetworks')?.(networkConfiguration(rows), call);
}
