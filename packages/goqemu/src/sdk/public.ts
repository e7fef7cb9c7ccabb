/** What goqemu publishes of its SDK. */
export type { AddedForward } from './added-forward.ts';
export type { CommandSettings, ExecOptions, ExecResult, RunAs, StreamOptions } from './guest/command-options.ts';
export type { Guest } from './guest/guest.ts';
export type { GuestAddress } from './guest/guest-address.ts';
export type { SessionGuest } from './guest/session-guest.ts';
export type { DownloadFileOptions, UploadFileOptions } from './guest/transfer-options.ts';
export type { LabMachine } from './lab/lab-machine.ts';
export type {
  ApplyLabOptions,
  CarryOutOptions,
  DestroyLabOptions,
  ForkLabOptions,
  MachineSelection,
  OpenLabOptions,
  PlanLabOptions,
  PowerLabOptions,
  PowerMachineOptions,
  SelectMachinesOptions,
} from './lab/lab-options.ts';
export type { LabStep } from './lab/lab-step.ts';
export type {
  CheckpointChoice,
  CheckpointName,
  LabOutputs,
  LabParameters,
  MachineName,
  MachinesIn,
  OutputValues,
  ReturnedMachine,
  StepName,
} from './lab/lab-types.ts';
export { openLab } from './lab/open-lab.ts';
export type { LabFork, LabForks, RunningLab } from './lab/running-lab.ts';
export type { MachineOrName, NetworkCapture, RunningNetwork } from './lab/running-network.ts';
export type { OperationOptions } from './operation-options.ts';
export type { MachineScreen } from './screen/machine-screen.ts';
export type { ClickOptions, PressOptions, ScreenOptions, TypeOptions } from './screen/screen-options.ts';
export type { SshAccess } from './vm/address/ssh-access.ts';
export { deleteCachedImage, listCachedImages } from './vm/image/cached-images.ts';
export { attachVM, createVM } from './vm/open-vm.ts';
export type { QemuVMConfig, Timeouts } from './vm/options/vm-config.ts';
export { QemuVM } from './vm/qemu-vm.ts';
export type { Snapshot } from './vm/snapshot/snapshot.ts';
export type { QemuVMStatus } from './vm/standalone/standalone-status.ts';
