/** One line of a recorded session; a recording is these as NDJSON, or as a list. */
export interface RecordedLine {
  /** Milliseconds after the recording began. */
  readonly at: number;
  readonly from: 'client' | 'server';
  /** The line without its end, one character per byte (ISO 8859-1), so that nothing is lost. */
  readonly line: string;
}
