/** Options of every call that takes time. */
export interface OperationOptions {
  /** Cancels the call: it rejects with the signal's reason once it has tidied up. @default none */
  readonly signal?: AbortSignal;
}
