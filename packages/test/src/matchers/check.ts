import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';

/** Settles one use of a matcher, negated or not. Mistakes in its arguments are thrown by `question`. */
export type Check = <Seen>(
  matcher: string,
  args: readonly unknown[],
  options: WaitOptions | undefined,
  question: (what: string) => Question<Seen>,
) => Promise<void>;
