export { type Accelerator, accelerators, type RealAccelerator, realAccelerators } from './accelerator.ts';
export {
  type AllowedPlace,
  allowedKind,
  allowMistake,
  allowSummary,
  mostAllowedPlaces,
  parseAllowedPlace,
  tidyAllowedPlaces,
} from './allowed-place.ts';
export {
  type Architecture,
  architectures,
  fromQemuArchitecture,
  hostArchitecture,
  type QemuArchitecture,
  qemuArchitectures,
  toQemuArchitecture,
} from './architecture.ts';
export { changesDisk } from './changes-disk.ts';
export { type Firmware, firmwareFits, firmwares, usualFirmware } from './firmware.ts';
export {
  formatIpv4,
  formatIpv4Range,
  type Ipv4Range,
  parseIpv4,
  parseIpv4Range,
  rangesOverlap,
} from './ipv4-range.ts';
export { formatIpv6Prefix, ipv6Address, parseIpv6Prefix } from './ipv6-prefix.ts';
export { hostPortsOf, withManual } from './machine-ports.ts';
export { defaultDisk, machineProperties } from './machine-properties.ts';
export type { MachineProperty, OptionValue, PropertyOption } from './machine-property.ts';
export { machineRules, mostCpus, type Rule } from './machine-rules.ts';
export type * from './machine-spec.ts';
export { type MachineTimeouts, type TimeoutName, timeoutNames } from './machine-timeouts.ts';
export { mapStepTexts } from './map-step-texts.ts';
export { networkDown } from './network-down.ts';
export {
  areNoFaults,
  type FaultMistake,
  type FaultProperty,
  type Faults,
  faultMistake,
  faultNames,
  faultProperties,
  type MachineFaults,
  machinesOfFaults,
  type NetworkFaults,
  withMachineNames,
} from './network-faults.ts';
export {
  type NetworkOption,
  type NetworkOptionName,
  type NetworkProperty,
  type NetworkPropertyName,
  networkProperties,
  networkPropertyRows,
  shortestCidr6,
} from './network-properties.ts';
export { type CardIdentity, cardCount, cardMac, type NetworkSpec } from './network-spec.ts';
export {
  type HostPort,
  hostPortOf,
  manualName,
  type PortForward,
  portNumber,
  shownForward,
} from './port-forward.ts';
export { ramShape } from './ram-shape.ts';
export {
  type BaseKeyProperty,
  baseKeyProperties,
  type FixedOptionName,
  type FoundProperties,
  type IgnorableOptionName,
  type ImportedProperty,
  type MeasuredProperty,
  type NameOfOption,
  type ObservedProperty,
  type OpenProperty,
  type OptionWith,
  type PropertyName,
  type PropertyOptionName,
  type PropertyTable,
  type PropertyWith,
  pickProperties,
  propertiesWith,
  propertyDefault,
  propertyNames,
  propertyRow,
  propertyRows,
  type RamShapeProperty,
  type RuledProperty,
  ramShapeProperties,
  type SimpleProperty,
  type StandaloneOptionName,
  shownProperties,
  simpleProperties,
  sizeProperties,
  withCards,
  withLive,
} from './read-properties.ts';
export type * from './step.ts';
export type { WaitCondition } from './wait-condition.ts';
