import type { GuestSession } from '@goqemu/guest';

/** Something whose first bad state is looked for. */
export interface Candidate {
  /** What the command gets as `GOQEMU_BISECT`. */
  readonly value: string;
  /** What a person is shown. */
  readonly title: string;
}

/** What candidates come from, and how a machine gets one. */
export interface BisectSubject {
  /**
   * All of them in order, from the good one to the bad one.
   *
   * @param inMachine asks a machine that is as every try begins
   * @throws GoqemuError `bisect-candidates`
   */
  candidates(ends: BisectEnds, inMachine: InMachine, signal: AbortSignal): Promise<readonly Candidate[]>;
  /**
   * Puts one into a machine.
   *
   * @returns the folder of the guest that the command runs in; undefined for the user's home
   */
  prepare(session: GuestSession, candidate: Candidate, signal: AbortSignal): Promise<string | undefined>;
}

/** Does something in a machine, which is gone afterwards. */
export type InMachine = <T>(work: (session: GuestSession) => Promise<T>) => Promise<T>;

/** As they were typed. */
export interface BisectEnds {
  readonly good: string;
  readonly bad: string;
}
