/** The verbs of a backend, as faults and the log name them. */
export type FakeVerb =
  | 'resolveImage'
  | 'observe'
  | 'findLayers'
  | 'checkPorts'
  | 'preflight'
  | 'memoryBudget'
  | 'importMachine'
  | 'ensureImage'
  | 'create'
  | 'start'
  | 'stop'
  | 'suspend'
  | 'resume'
  | 'delete'
  | 'runStep'
  | 'cutLayers'
  | 'restore'
  | 'claimLayers'
  | 'describeLayer'
  | 'surveyLayers'
  | 'coalesceLayers'
  | 'flattenLayer'
  | 'collectLayers'
  | 'hostRoutes'
  | 'observeNetworks'
  | 'applyNetworks'
  | 'joinNetworks'
  | 'setForwards'
  | 'holdMachines'
  | 'viewNetworks'
  | 'captureFrames'
  | 'setFaults'
  | 'stopNetworks'
  | 'removeNetworks'
  | 'dispose';

/** A call of a verb of the fake backend. */
export interface FakeCall {
  readonly verb: FakeVerb;
  readonly subject: string;
}
