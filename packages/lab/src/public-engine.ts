/** What signatures of the fakes and of `LabBench` name, beside what `goqemu` and `goqemu/backend` export. */
export type {
  BaseKeyProperty,
  FixedOptionName,
  FoundProperties,
  IgnorableOptionName,
  ImportedProperty,
  MachineProperty,
  MachineTimeouts,
  NameOfOption,
  ObservedProperty,
  OptionValue,
  OptionWith,
  PropertyName,
  PropertyOption,
  PropertyOptionName,
  PropertyTable,
  PropertyWith,
  Rule,
  TimeoutName,
} from '@goqemu/spec';
export type {
  CaptureOf,
  CardCounters,
  CommandRoute,
  NetworkView,
  PreflightText,
  RefusedRequest,
} from './backend/backend.ts';
export type { ApplyOptions, ApplyResult, PlanOptions } from './engine-context/engine-options.ts';
export type { OutputValue } from './evaluate/lab.ts';
export type { BaseMaterial, SeedVersion } from './layer/layer-key.ts';
export type { LayerLimits } from './layer/layer-limits.ts';
export type { ImagePin } from './lock/lab-lock.ts';
export type { Plan, PlanNotice } from './plan/plan.ts';
export type { KeyOrigin, ProvisionalKeys } from './plan/provisional-keys.ts';
export type { ChangeClass, Operation } from './resource/operation.ts';
export type { Sensitivity } from './step/resolved-step.ts';
