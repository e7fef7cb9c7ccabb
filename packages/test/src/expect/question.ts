import type { AskCall } from '../ask/ask-guest.ts';

/** Lines that say more of what was found. */
export interface Evidence {
  readonly title: string;
  /** As the guest wrote it: what shows it makes it harmless and short. */
  readonly text: string;
  /** Which part of it is kept when it is long. */
  readonly from: 'start' | 'end';
}

/** What a matcher wants to know, how it asks, and how it judges the answer. */
export interface Question<Seen> {
  /** What should be, in a few words: `active`. */
  readonly expected: string;
  /** For programs, where it is not those words. */
  readonly expectedValue?: unknown;
  ask(call: AskCall): Promise<Seen>;
  /** Undefined where the answer does not say: then neither the expectation nor its contrary is so. */
  holds(seen: Seen): boolean | undefined;
  /** What is, in a few words: `failed (exit-code)`. */
  got(seen: Seen): string;
  /** For programs, where it is not those words. */
  gotValue?(seen: Seen): unknown;
  /** Asked once, for a failure's message. */
  evidence?(seen: Seen | undefined, call: AskCall): Promise<Evidence | undefined>;
  /** What cannot change by waiting is asked once. */
  readonly once?: true;
}
