export type { AdoptedRecord } from './adoption/adopted-record.ts';
export { adoptedCredentials, endAdopted, openAdoptedSession, resumeAdopted } from './adoption/adopted-vm.ts';
export { type FoundVm, lookAtMachine } from './adoption/look-at-machine.ts';
export { observeAdopted } from './adoption/observe-adopted.ts';
export { backingChain } from './layers/backing-chain.ts';
export { type Coalesced, coalesceLayers } from './layers/coalesce-layers.ts';
export { type Collected, collectLayers } from './layers/collect-layers.ts';
export { deepChain, type Flattened, flattenLayer } from './layers/flatten-layer.ts';
export { type Layer, layerId } from './layers/layer.ts';
export { knownDisks, type LayerDamage } from './layers/layer-damage.ts';
export type { LayerManifest } from './layers/layer-manifest.ts';
export { LayerStore } from './layers/layer-store.ts';
export { type SurveyedLayer, surveyLayers } from './layers/survey-layers.ts';
export { verifyLayer } from './layers/verify-layer.ts';
export { createVm, type VmOrigin } from './lifecycle/create-vm.ts';
export { cutLab, type LabCut } from './lifecycle/cut-lab.ts';
export { type Cut, cutLayer } from './lifecycle/cut-layer.ts';
export { deleteVm } from './lifecycle/delete-vm.ts';
export { joinRunning } from './lifecycle/join-running.ts';
export { endQemu, killVm } from './lifecycle/kill-vm.ts';
export type { CutOptions, CutPart } from './lifecycle/layer-cut.ts';
export { observeVm, type VmObservation } from './lifecycle/observe-vm.ts';
export { qemuImgOf } from './lifecycle/qemu-img.ts';
export { restoreVm } from './lifecycle/restore-vm.ts';
export { putForwards, setForwards } from './lifecycle/set-forwards.ts';
export { startVm } from './lifecycle/start-vm.ts';
export { stopVm } from './lifecycle/stop-vm.ts';
export { heldMemory } from './ram/held-memory.ts';
export { hostRoom } from './ram/host-room.ts';
export { hostRamStrategy, machineRamStrategy, type RamStrategy } from './ram/ram-strategy.ts';
export { imageUsers } from './standalone/image-users.ts';
export {
  checkMemoryRoom,
  lineageOf,
  memoryFolders,
  type StandalonePlace,
  standaloneFolder,
  standalonePlace,
} from './standalone/standalone-host.ts';
export {
  hostNetworkSchema,
  lockPath,
  readRecord,
  recordPath,
  removeRecord,
  type StandaloneRecord,
  standaloneLineages,
  standaloneNames,
  unreadable,
  writeRecord,
} from './standalone/standalone-record.ts';
export { adoptedGuest } from './steps/adopted-guest.ts';
export { ownGuest } from './steps/own-guest.ts';
export { runStep } from './steps/run-step.ts';
export type { StepGuest } from './steps/step-guest.ts';
export { resumeVm } from './suspension/resume-vm.ts';
export { suspendVm } from './suspension/suspend-vm.ts';
export { chooseNetwork } from './vm/choose-network.ts';
export { createVmHost, type VmHostOptions } from './vm/create-vm-host.ts';
export { removeVmFolder } from './vm/deleted-folders.ts';
export { labCardAddress } from './vm/lab-cards.ts';
export { machineStopped, runtimeFoldersOf, Vm, type VmScope } from './vm/vm.ts';
export { VmFolder } from './vm/vm-folder.ts';
export type { HostRoom, VmCall, VmHost, VmProgress } from './vm/vm-host.ts';
export { hasOutwardCard, outwardMac } from './vm/vm-network.ts';
export type { VmIdentity, VmSpec } from './vm/vm-spec.ts';
