import { diffNetworks, type FoundNetworks, readNetworks } from '../network/plan-networks.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { networkKindName } from '../resource/resource-ref.ts';

/** Networks between the machines of a lab. */
export const networkKind: ResourceKind<FoundNetworks> = {
  kind: networkKindName,
  declared: (lab) => lab.networks.map(({ spec }) => ({ name: spec.name, needs: [] })),
  read: readNetworks,
  diff: diffNetworks,
  apply: async (context, operation) => (await import('./acting.ts')).applyNetwork(context, operation),
  delete: async (context, operation) => (await import('./acting.ts')).deleteNetwork(context, operation),
};
