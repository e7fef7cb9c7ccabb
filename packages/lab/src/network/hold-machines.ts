import type { Backend, BackendCall } from '../backend/backend.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import { networkRows } from './network-state.ts';

/**
 * Keeps machines apart from all others while they are restored. One that is back and speaks with one that is still to be
 * restored would be answered from another time, and lose its connections.
 */
export async function holdMachines(
  backend: Backend,
  state: LabState,
  machines: readonly MachineState[],
  call: BackendCall,
): Promise<AsyncDisposable | undefined> {
  const rows = Object.values(networkRows(state)).filter(({ record }) => record !== null);
  const connected = new Set(rows.flatMap(({ machines }) => machines.map(({ name }) => name)));
  const held = machines.map(({ spec }) => spec.name).filter((name) => connected.has(name));
  return held.length === 0 ? undefined : await optionalVerb(backend, 'holdMachines')?.(held, call);
}
