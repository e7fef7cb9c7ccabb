export { type CaptureOptions, captureRam, type RamCapture } from './capture-ram.ts';
export { hasFixedRomsOnly, mayReadMemory } from './copy-on-write.ts';
export { type DeviceStateOptions, loadDeviceState } from './device-state.ts';
export { continueOnOverlay, createOverlay, diskFile, type OverlayOptions } from './disk-overlay.ts';
export { qcow2Size } from './empty-overlay.ts';
export { findGuestRam, type GuestRam } from './guest-ram.ts';
export type { Monitor } from './monitor.ts';
export { copyRam } from './ram-file.ts';
export { parseStateStream, type StateStream } from './state-stream.ts';
