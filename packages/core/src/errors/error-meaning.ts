/** What an error code means to the person who meets it. */
export interface ErrorMeaning {
  /** When the error occurs. */
  readonly when: string;
  /** What to do about it, as an instruction. */
  readonly fix: string;
}
