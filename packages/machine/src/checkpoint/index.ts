export { type DeviceStateOptions, loadDeviceState, saveDeviceState } from './device-state.ts';
export { continueOnOverlay, createOverlay, type OverlayOptions, topNode } from './disk-overlay.ts';
export type { Monitor } from './monitor.ts';
export { type CopyOptions, copyRam, sharedRamPath } from './ram-file.ts';
