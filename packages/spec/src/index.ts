export { type Accelerator, accelerators, type RealAccelerator, realAccelerators } from './accelerator.ts';
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
export { machineRules, type Rule } from './machine-rules.ts';
export type * from './machine-spec.ts';
export { mapStepTexts } from './map-step-texts.ts';
export { ramShape } from './ram-shape.ts';
export type * from './step.ts';
export type { WaitCondition } from './wait-condition.ts';
