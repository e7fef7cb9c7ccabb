import type { SwitchPort } from './switch-port.ts';

/** Whether a frame comes from the machine at the port, or goes to it. */
export type FrameDirection = 'fromMachine' | 'toMachine';

/**
 * Sees frames as they pass: `at` is a frame's first byte.
 *
 * Here, and where else each frame comes by, parameters have positions: an object would be made for every frame.
 */
export interface FrameObserver {
  frame(port: SwitchPort, direction: FrameDirection, bytes: Buffer, at: number, end: number): void;
}
