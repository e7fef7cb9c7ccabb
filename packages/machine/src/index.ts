export {
  type AcceleratorFact,
  type AcceleratorOptions,
  acceleratorReport,
  type ChosenAccelerator,
  chooseAccelerator,
} from './accelerators/choose-accelerator.ts';
export type { ResolvedMachineConfig } from './arguments/argument-context.ts';
export { standbyPortName } from './arguments/channel-arguments.ts';
export { networkCardAddress } from './arguments/device-arguments.ts';
export { topNode } from './arguments/drive-arguments.ts';
export { argumentDifference, plannedGuestArguments } from './arguments/guest-arguments.ts';
export { machineArguments } from './arguments/machine-arguments.ts';
export { memoryId } from './arguments/memory-arguments.ts';
export { forwardText, macAddress, netdevId } from './arguments/network-arguments.ts';
export { ownRuntimeFolder } from './attach/own-runtime-folder.ts';
export {
  captureRam,
  captureWhole,
  continueOnOverlay,
  copyRam,
  createOverlay,
  diskFile,
  findGuestRam,
  hasFixedRomsOnly,
  isSavedState,
  loadState,
  mayReadMemory,
  parseStateStream,
  qcow2Size,
  type RamCapture,
  type StateForm,
  type StateStream,
  stateChannel,
  wholeStateStallMs,
} from './checkpoint/index.ts';
export type { ThrottleLimits } from './configuration/drive.ts';
export {
  type Accelerator,
  accelerators,
  type CdromConfig,
  type DriveConfig,
  type MachineConfig,
  type MachineConfigInput,
  machineConfigSchema,
  type NetworkConfig,
  parseMachineConfig,
} from './configuration/machine-config.ts';
export type { Forward } from './configuration/network.ts';
export {
  type BlockDevice,
  BlockDevices,
} from './devices/block-devices.ts';
export {
  Display,
  type Expiry,
  type KeyOptions,
  type MouseButton,
  type ScreenSize,
  type ScreenshotOptions,
  type TextOptions,
} from './devices/display.ts';
export type { KeyCode } from './devices/keyboard.ts';
export { type DumpOptions, Memory } from './devices/memory.ts';
export { NetworkCards } from './devices/network-cards.ts';
export type { UnplugOptions } from './devices/unplugging.ts';
export {
  type Architecture,
  architectureOf,
  architectures,
  runsNatively,
  systemBinaryName,
} from './find/architecture.ts';
export { type FindQemuOptions, findQemu, installedArchitectures } from './find/find-qemu.ts';
export {
  isAtLeast as isQemuAtLeast,
  type QemuFeatures,
  type QemuInstallation,
  type QemuVersion as QemuInstallationVersion,
} from './find/installation.ts';
export type { ExitCause } from './launch/exit-cause.ts';
export { launchMachine } from './launch/launch-machine.ts';
export type { LaunchOptions } from './launch/launch-options.ts';
export { type AttachOptions, type AttachTarget, attachMachine } from './machine/attach-machine.ts';
export { Machine } from './machine/machine.ts';
export type { MachineEvent } from './machine/machine-events.ts';
export type { MachineExit } from './machine/machine-exit.ts';
export type { AgentOptions, StopOptions, StopResult } from './machine/machine-options.ts';
export { identityOf, type MachineRecord } from './machine/machine-record.ts';
export type { MachineState } from './machine/machine-state.ts';
export { type MachineProbe, type ProbeOptions, probeMachine } from './machine/probe-machine.ts';
export { defaultStopTimeouts, type StopRung, type StopStep, type StopTimeouts } from './machine/stop-ladder.ts';
export { withAgent } from './machine/with-agent.ts';
export { type CommandLines, hostCommandLines } from './process/command-line.ts';
export { type HeldSocket, hostOpenFiles, type OpenFiles, type ProcessFiles } from './process/open-files.ts';
export type { MachineSockets, SocketEndpoint } from './sockets/machine-sockets.ts';
export { cardSocketNames, portFileOf } from './sockets/machine-sockets.ts';
export { askReader, connectReader, type MonitorTurnOptions, openReader } from './sockets/monitor-turn.ts';
export { removeRuntimeFiles } from './sockets/remove-runtime-files.ts';
export { defaultRuntimeFolder, makeRuntimeFolder } from './sockets/runtime-folder.ts';
export { connectStandby, type StandbyTurnOptions } from './sockets/standby-turn.ts';
export { openEndpoint } from './sockets/turns.ts';
