import type { JournalMark } from '../matchers/journal-mark.ts';
import type { Probe } from './probe.ts';

/** The journal of a machine. */
export interface JournalProbes extends Probe<'journal'> {
  /**
   * The place at which it ends now.
   *
   * @throws GoqemuError `expectation-unsupported` in a guest without journald
   * @example
   * const mark = await web.journal().mark();
   */
  mark(): Promise<JournalMark>;
}
