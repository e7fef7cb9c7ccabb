import type { Backend, BackendCapabilities } from './backend.ts';

/** The verbs that a backend may lack, each with the capability that promises it. */
export const promisedBy = {
  suspend: 'suspendMachines',
  resume: 'suspendMachines',
  importMachine: 'importMachines',
  coalesceLayers: 'coalesceLayers',
  flattenLayer: 'flattenLayers',
  setForwards: 'liveForwards',
  hostRoutes: 'networks',
  observeNetworks: 'networks',
  applyNetworks: 'networks',
  joinNetworks: 'networks',
  holdMachines: 'networks',
  viewNetworks: 'networks',
  captureFrames: 'networks',
  setFaults: 'networks',
  stopNetworks: 'networks',
  removeNetworks: 'networks',
} as const satisfies Partial<Record<keyof Backend, keyof BackendCapabilities>>;

export type OptionalVerb = keyof typeof promisedBy;

/** A verb that not every backend has; undefined where its capability is off. */
export function optionalVerb<Verb extends OptionalVerb>(backend: Backend, verb: Verb): Backend[Verb] | undefined {
  if (!backend.capabilities[promisedBy[verb]]) return undefined;
  const found = backend[verb] as ((...given: never[]) => unknown) | undefined;
  return found?.bind(backend) as Backend[Verb] | undefined;
}
