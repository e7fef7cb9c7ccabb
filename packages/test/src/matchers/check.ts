import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { Caller } from '../record/caller.ts';

/** One use of a matcher. */
export interface MatcherUse {
  /** Where the test uses it. */
  readonly at: Caller;
  readonly negated: boolean;
}

/** Settles one use of a matcher, negated or not. Mistakes in its arguments are thrown by `question`. */
export type Check = <Seen>(
  matcher: string,
  args: readonly unknown[],
  options: WaitOptions | undefined,
  question: (what: string, use: MatcherUse) => Question<Seen>,
) => Promise<void>;
