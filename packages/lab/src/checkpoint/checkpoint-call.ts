/** What taking a checkpoint and going back to one have in common. */
export interface CheckpointCall {
  /** Only these machines. Default: all of them. */
  readonly machines?: readonly string[];
  /** Milliseconds to wait for another holder of the lab's lock (default: 0). */
  readonly lockWaitMs?: number;
  readonly signal?: AbortSignal;
}
