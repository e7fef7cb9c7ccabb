/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
export {
  type AcceleratorFact,
  type AcceleratorOptions,
  acceleratorReport,
  type ChosenAccelerator,
  chooseAccelerator,
} from './accelerators/choose-accelerator.ts';
export type { ResolvedMachineConfig } from './arguments/argument-context.ts';
export { machineArguments } from './arguments/machine-arguments.ts';
export type { ThrottleLimits } from './configuration/drive.ts';
export {
  type Accelerator,
  type CdromConfig,
  type DriveConfig,
  type Identified,
  type MachineConfig,
  type MachineConfigInput,
  type NetworkConfig,
  type ParsedMachineConfig,
  parseMachineConfig,
} from './configuration/machine-config.ts';
export type { Forward } from './configuration/network.ts';
export type { BlockDevice, BlockDevices, DriveInput } from './devices/block-devices.ts';
export type {
  Display,
  Expiry,
  KeyOptions,
  MouseButton,
  ScreenSize,
  ScreenshotOptions,
  TextOptions,
} from './devices/display.ts';
export type { KeyCode } from './devices/keyboard.ts';
export type { DumpOptions, Memory } from './devices/memory.ts';
export type { NetworkCards, NetworkInput } from './devices/network-cards.ts';
export type { UnplugOptions } from './devices/unplugging.ts';
export type { Architecture } from './find/architecture.ts';
export { type FindQemuOptions, findQemu, installedArchitectures } from './find/find-qemu.ts';
export {
  isAtLeast as isQemuAtLeast,
  type MachineTypeFact,
  type QemuFeatures,
  type QemuInstallation,
  type QemuVersion as QemuInstallationVersion,
} from './find/installation.ts';
export type { ExitCause, ProcessExit } from './launch/exit-cause.ts';
export { launchMachine } from './launch/launch-machine.ts';
export type { LaunchOptions } from './launch/launch-options.ts';
export { type AttachOptions, type AttachTarget, attachMachine } from './machine/attach-machine.ts';
export type { Machine, MachineEvents } from './machine/machine.ts';
export type { MachineEvent } from './machine/machine-events.ts';
export type { MachineExit } from './machine/machine-exit.ts';
export type { AgentOptions, StopOptions, StopResult } from './machine/machine-options.ts';
export type { MachineRecord } from './machine/machine-record.ts';
export type { MachineState } from './machine/machine-state.ts';
export { type MachineProbe, type ProbeOptions, probeMachine } from './machine/probe-machine.ts';
export { defaultStopTimeouts, type StopRung, type StopStep, type StopTimeouts } from './machine/stop-ladder.ts';
export type { MachineSockets, SocketEndpoint } from './sockets/machine-sockets.ts';
