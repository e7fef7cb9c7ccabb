/** goqemu's public API: describing labs, and working with them. Clients of QMP, the guest agent and single machines are at the subpaths. */
export {
  type ByteSize,
  type Duration,
  type ErrorCode,
  type ErrorSource,
  GoqemuError,
  hasErrorCode,
  isGoqemuError,
  type Logger,
  type LogLevel,
  type SourceLocation,
} from '@goqemu/core';
export {
  type Accelerator,
  type Architecture,
  type CacheOption,
  type CaptureOptions,
  type CheckpointReference,
  type CheckpointReport,
  type DerivedMachineOptions,
  defineLab,
  type EngineEvent,
  eventStreamSchemas,
  type FileOptions,
  type Firmware,
  type ForwardOption,
  type IgnorableProperty,
  type ImageMachineOptions,
  isLabDefinition,
  type LabBuilder,
  type LabDefinition,
  type LabOptions,
  type LateValue,
  type LayerOptions,
  type MachineBuilder,
  type MachineOptions,
  type MachineReference,
  type PlanReport,
  type RestoreReport,
  type RunOptions,
  type SecretSource,
  type StatusReport,
  type StepOptions,
  secret,
  sh,
  type TextInput,
  type UploadOptions,
  type WaitCondition,
  z,
} from '@goqemu/lab';
export type { ExecOptions, ExecResult, StreamOptions } from './sdk/guest/command-options.ts';
export type { Guest } from './sdk/guest/guest.ts';
export type { GuestAddress } from './sdk/guest/guest-address.ts';
export type { DownloadFileOptions, UploadFileOptions } from './sdk/guest/transfer-options.ts';
export type { LabMachine } from './sdk/lab/lab-machine.ts';
export type { ApplyLabOptions, DestroyLabOptions, OpenLabOptions, PlanLabOptions } from './sdk/lab/lab-options.ts';
export type { LabOutputs, LabParameters } from './sdk/lab/lab-types.ts';
export { openLab } from './sdk/lab/open-lab.ts';
export type { ForkLabOptions, LabFork, LabForks, MachineSelection, RunningLab } from './sdk/lab/running-lab.ts';
export type { OperationOptions } from './sdk/operation-options.ts';
export type { SshAccess } from './sdk/vm/address/ssh-access.ts';
export { deleteCachedImage, listCachedImages } from './sdk/vm/image/cached-images.ts';
export { attachVM, createVM } from './sdk/vm/open-vm.ts';
export type { QemuVMConfig, Timeouts } from './sdk/vm/options/vm-config.ts';
export { QemuVM } from './sdk/vm/qemu-vm.ts';
export type { Snapshot } from './sdk/vm/snapshot/snapshot.ts';
export type { QemuVMStatus } from './sdk/vm/standalone/standalone-status.ts';
