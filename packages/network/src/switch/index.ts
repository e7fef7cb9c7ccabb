export type { DirectionCounters, DropReason, PortCounters } from './bridge/counters.ts';
export type { CaptureReport } from './capture/captures.ts';
export { streamCapture } from './control/capture-stream.ts';
export {
  type NetworkConfiguration,
  type PortConfiguration,
  portName,
  type SwitchConfiguration,
  type SwitchConfigurationInput,
  switchConfiguration,
} from './control/configuration.ts';
export {
  type FaultSettings,
  type FaultSettingsInput,
  type FaultsOfNetwork,
  faultSettings,
} from './control/fault-settings.ts';
export type {
  CaptureRequestInput,
  PortStatus,
  SwitchCounters,
  SwitchIdentity,
  SwitchStatus,
} from './control/messages.ts';
export { SwitchClient, type SwitchClientOptions } from './control/switch-client.ts';
export type { LinkEndpoint } from './links/dialled-link.ts';
export { type EndSwitchOptions, endSwitch, stopSwitch } from './process/end-switch.ts';
export { runSwitch } from './process/run-switch.ts';
export { findSwitch, type StartSwitchOptions, startSwitch } from './process/start-switch.ts';
export { type LastSwitch, lastSwitch, type SwitchRecord } from './process/switch-files.ts';
