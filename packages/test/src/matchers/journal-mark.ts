/** A place in the journal of a machine, from `journal().mark()`. */
export interface JournalMark {
  /** Of journald. */
  readonly cursor: string;
}
