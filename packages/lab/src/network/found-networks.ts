import type { ObservedNetwork, TakenRange } from '../backend/backend.ts';
import type { NetworkDeclaration } from '../evaluate/lab.ts';
import type { KindInput } from '../resource/plan-input.ts';
import type { NetworkWork } from './decide-network.ts';
import type { NetworkState } from './network-state.ts';

/** What the lab wants of its networks, and what is recorded and there of them. */
export interface FoundNetworks {
  readonly input: KindInput;
  readonly wanted: readonly (NetworkWork & Pick<NetworkDeclaration, 'location'>)[];
  readonly rows: Readonly<Record<string, NetworkState>>;
  readonly observed: ReadonlyMap<string, ObservedNetwork>;
  readonly taken: readonly TakenRange[];
}
