import type { LabState } from '../state/lab-state.ts';
import { networkRows } from './network-state.ts';

/**
 * Whether all machines in a stack's networks were stopped or suspended on purpose: then nothing carries the networks, and
 * that is no drift. Networks without machines are not parked.
 */
export function areParked(state: Pick<LabState, 'resources'>): boolean {
  const members = new Set(
    Object.values(networkRows(state)).flatMap(({ machines }) => machines.map(({ name }) => name)),
  );
  const parked = Object.values(state.resources.machine).filter(
    ({ spec, power }) => members.has(spec.name) && power !== undefined,
  );
  return members.size > 0 && parked.length === members.size;
}
