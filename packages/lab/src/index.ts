export type {
  Accelerator,
  Architecture,
  CardIdentity,
  Firmware,
  HostPort,
  MachineIdentity,
  MachineSpec,
  NetworkSpec,
  PortForward,
  WaitCondition,
} from '@goqemu/spec';
export { errorReport } from './apply/operation-failure.ts';
export type * from './backend/backend.ts';
export { type OptionalVerb, optionalVerb, promisedBy } from './backend/optional-verb.ts';
export type * from './backend/progress.ts';
export type * from './checkpoint/checkpoint-report.ts';
export {
  defineLab,
  isLabDefinition,
  type LabBuilder,
  type LabDefinition,
} from './definition/define-lab.ts';
export type * from './definition/lab-options.ts';
export type * from './definition/layer-options.ts';
export type * from './definition/machine-builder.ts';
export type * from './definition/machine-options.ts';
export type * from './definition/network-options.ts';
export type * from './definition/references.ts';
export { z } from './definition/schema-library.ts';
export type { TimeoutOptions } from './definition/timeout-options.ts';
export { Engine } from './engine/engine.ts';
export type * from './engine-context/engine-options.ts';
export { type EvaluateOptions, evaluateLab, freshAllocations } from './evaluate/evaluate-lab.ts';
export type * from './evaluate/lab.ts';
export {
  type EngineEvent,
  type ErrorReport,
  engineEventVersion,
  eventStreamHeader,
  type OperationHeader,
} from './events/engine-event.ts';
export { eventStreamSchemas } from './events/event-schema.ts';
export type * from './fork/fork-options.ts';
export type * from './fork/fork-report.ts';
export type { ForkRoom } from './fork/fork-room.ts';
export type { ForwardChange } from './forward/forward-change.ts';
export type * from './history/history-entry.ts';
export type { ImportReport } from './import/import-report.ts';
export type { LayerLimits } from './layer/layer-limits.ts';
export type { PruneReport } from './layer/prune-layers.ts';
export type { LockChange } from './lock/update-lock.ts';
export type { CardReport, LiveNetworkReport, LiveNetworks, RefusedReport } from './network/live-networks.ts';
export { checkSources } from './plan/check-sources.ts';
export { countChanges, type Plan, type PlanNotice, problemsOf } from './plan/plan.ts';
export { type PowerVerb, powerVerbs } from './power/power-verb.ts';
export type { RefreshReport } from './refresh/refresh-state.ts';
export { type KnownNames, knownNames } from './report/known-names.ts';
export { machineUnknown } from './report/machine-unknown.ts';
export { type PlanReport, planReport } from './report/plan-report.ts';
export type * from './report/status-report.ts';
export type * from './resource/operation.ts';
export { subjectOf, titleOf } from './resource/operation-subject.ts';
export { type ResourceRef, resourceKey } from './resource/resource-ref.ts';
export { maskText } from './secret/mask.ts';
export { forgetState, type KnownState, knownStates } from './state/known-states.ts';
export { MemoryStateStorage } from './state/memory-storage.ts';
export { stateFolderOf } from './state/state-folder.ts';
export type { StateStorage, StoredFile } from './state/state-storage.ts';
export type * from './step/resolved-step.ts';
export { isLateValue, type LateValue } from './value/late-value.ts';
export { secret } from './value/secret.ts';
export type { SecretSource } from './value/secret-source.ts';
export { type ShellInput, sh } from './value/sh.ts';
export type { ShellText, Text, TextInput, TextPart } from './value/text.ts';
