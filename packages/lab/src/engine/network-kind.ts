import type { FoundNetworks } from '../network/found-networks.ts';
import { reportNetworks } from '../report/report-networks.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { networkKindName } from '../resource/resource-ref.ts';

/** Networks between the machines of a lab. Most labs have none: what plans them is loaded for those that have. */
export const networkKind: ResourceKind<FoundNetworks | undefined> = {
  kind: networkKindName,
  notReplaced: 'goqemu apply brings up a network whose switch has died, and changes one while its machines run',
  declared: (lab) => lab.networks.map(({ spec }) => ({ name: spec.name, needs: [] })),
  read: async (input) => {
    const isAny =
      (input.lab?.networks.length ?? 0) > 0 || Object.keys(input.read.state.resources.network ?? {}).length > 0;
    return isAny ? (await planning()).readNetworks(input) : undefined;
  },
  diff: async (found, context) =>
    found ? (await planning()).diffNetworks(found, context) : { operations: [], notices: [], preflight: [] },
  power: async (input, context) => (await acting()).powerNetworks(input, context),
  refresh: async (recorded) => (await acting()).refreshNetworks(recorded),
  report: reportNetworks,
  fork: async ({ backend, state, call }) => (await acting()).wakeNetworks(backend, state, call),
  clear: async (recorded) => (await acting()).clearNetworks(recorded),
  apply: async (context, operation) => (await acting()).applyNetwork(context, operation),
  delete: async (context, operation) => (await acting()).deleteNetwork(context, operation),
};

function acting() {
  return import('./acting.ts');
}

function planning() {
  return import('../network/plan-networks.ts');
}
