/** The time that the switch goes by; replaced in tests, which then need not wait. */
export interface Clock {
  /** Milliseconds that only increase. */
  now(): number;
  /** Calls back after so many milliseconds, once; returns how to take it back. */
  after(milliseconds: number, call: () => void): () => void;
}

export const hostClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
