/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
export type {
  Accelerator,
  Architecture,
  Faults,
  Firmware,
  HostPort,
  MachineFaults,
  NetworkFaults,
  WaitCondition,
} from '@goqemu/spec';
export type { CardTraffic } from './backend/backend.ts';
export type { BackendProgress } from './backend/progress.ts';
export type { CheckpointReport, RestoreReport } from './checkpoint/checkpoint-report.ts';
export {
  defineLab,
  isLabDefinition,
  type LabBuilder,
  type LabDefinition,
} from './definition/define-lab.ts';
export type { LabOptions } from './definition/lab-options.ts';
export type { LayerOptions } from './definition/layer-options.ts';
export type { MachineBuilder } from './definition/machine-builder.ts';
export type {
  CacheOption,
  CaptureOptions,
  FileOptions,
  ForwardOption,
  IgnorableProperty,
  MachineOptions,
  RunOptions,
  StartsFrom,
  StepOptions,
  TemplateOptions,
  UploadOptions,
} from './definition/machine-options.ts';
export type * from './definition/network-options.ts';
export type { CheckpointReference, MachineReference } from './definition/references.ts';
export { z } from './definition/schema-library.ts';
export type { TimeoutOptions } from './definition/timeout-options.ts';
export type { EngineEvent, ErrorReport, OperationHeader } from './events/engine-event.ts';
export { eventStreamSchemas } from './events/event-schema.ts';
export type { CardReport, LiveNetworkReport, RefusedReport } from './network/live-networks.ts';
export type { PowerVerb } from './power/power-verb.ts';
export type { PlanReport } from './report/plan-report.ts';
export type {
  ForwardReport,
  MachineReport,
  MachineStatus,
  NetworkReport,
  StatusReport,
} from './report/status-report.ts';
export type { OperationAction, PropertyChange } from './resource/operation.ts';
export type { ResourceRef } from './resource/resource-ref.ts';
export type { LateSource, LateValue } from './value/late-value.ts';
export { secret } from './value/secret.ts';
export type { SecretSource } from './value/secret-source.ts';
export { type ShellInput, sh } from './value/sh.ts';
export type { ShellText, Text, TextInput, TextPart } from './value/text.ts';
