import type { NetworkSpec } from '@goqemu/spec';
import type { NetworkMachine } from '../backend/networks.ts';
import type { LabState, ResourceState } from '../state/lab-state.ts';

/** What the state knows of a network: how the backend was last asked to make it. */
export interface NetworkState extends ResourceState {
  readonly spec: NetworkSpec;
  /** With their cards in this network alone. */
  readonly machines: readonly NetworkMachine[];
}

export function networkRows({ resources }: Pick<LabState, 'resources'>): Readonly<Record<string, NetworkState>> {
  return (resources.network ?? {}) as Readonly<Record<string, NetworkState>>;
}

export function networkSpecs(state: Pick<LabState, 'resources'>): Readonly<Record<string, NetworkSpec>> {
  return Object.fromEntries(Object.entries(networkRows(state)).map(([name, { spec }]) => [name, spec]));
}
