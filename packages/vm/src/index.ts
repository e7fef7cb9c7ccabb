export type { AdoptedRecord } from './adoption/adopted-record.ts';
export { endAdopted, observeAdopted, openAdoptedSession, resumeAdopted } from './adoption/adopted-vm.ts';
export { type FoundVm, lookAtMachine } from './adoption/look-at-machine.ts';
export { backingChain } from './layers/backing-chain.ts';
export { type Collected, collectLayers } from './layers/collect-layers.ts';
export { deepChain, type Flattened, flattenLayer } from './layers/flatten-layer.ts';
export { type LayerManifest, ramDifference } from './layers/layer-manifest.ts';
export { type Layer, LayerStore, layerId } from './layers/layer-store.ts';
export { type LayerNode, layerTree } from './layers/layer-tree.ts';
export { verifyLayer } from './layers/verify-layer.ts';
export { createVm, type VmOrigin } from './lifecycle/create-vm.ts';
export { cutLab, type LabCut } from './lifecycle/cut-lab.ts';
export { type Cut, cutLayer } from './lifecycle/cut-layer.ts';
export { deleteVm } from './lifecycle/delete-vm.ts';
export { killVm } from './lifecycle/kill-vm.ts';
export type { CutOptions, CutPart } from './lifecycle/layer-cut.ts';
export { observeVm, type VmObservation } from './lifecycle/observe-vm.ts';
export { qemuImgOf } from './lifecycle/qemu-img.ts';
export { restoreVm } from './lifecycle/restore-vm.ts';
export { startVm } from './lifecycle/start-vm.ts';
export { stopVm } from './lifecycle/stop-vm.ts';
export { type CheckpointRoad, checkpointRoad, ramLimit } from './ram/checkpoint-road.ts';
export { heldMemory } from './ram/held-memory.ts';
export { hostRoom } from './ram/host-room.ts';
export type { GuestAddress } from './sdk/address/guest-address.ts';
export type { SshAccess } from './sdk/address/ssh-access.ts';
export type { SendCommandOptions, SentCommand, StreamCommandOptions } from './sdk/command/command-options.ts';
export { readCommandOptions } from './sdk/command/read-command-options.ts';
export type { OperationOptions } from './sdk/driven-vm.ts';
export { deleteCachedImage, listCachedImages } from './sdk/image/cached-images.ts';
export { imageUsers } from './sdk/image/image-users.ts';
export { attachVM, createVM } from './sdk/open-vm.ts';
export type { QemuVMConfig, Timeouts } from './sdk/options/vm-config.ts';
export { QemuVM } from './sdk/qemu-vm.ts';
export type { Snapshot } from './sdk/snapshot/snapshot.ts';
export { standaloneLineages } from './sdk/standalone/standalone-record.ts';
export type { QemuVMStatus } from './sdk/standalone/standalone-status.ts';
export {
  type DownloadFileOptions,
  readTransferOptions,
  type UploadFileOptions,
} from './sdk/transfer/transfer-options.ts';
export { runStep } from './steps/run-step.ts';
export { createVmHost, type VmHostOptions } from './vm/create-vm-host.ts';
export { Vm, type VmScope } from './vm/vm.ts';
export type { HostRoom, VmCall, VmHost, VmProgress } from './vm/vm-host.ts';
export type { VmIdentity, VmSpec } from './vm/vm-spec.ts';
