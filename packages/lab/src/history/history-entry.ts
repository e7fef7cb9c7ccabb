/** One apply, destroy or restore, as `goqemu history` lists it. */
export interface HistoryEntry {
  readonly startedAt: string;
  readonly command: string;
  readonly outcome: 'done' | 'failed' | 'interrupted';
  readonly durationMs: number;
  /** Number of operations done, by action. */
  readonly operations: Readonly<Record<string, number>>;
  readonly serial: number;
  readonly error?: { readonly code: string; readonly message: string };
}
