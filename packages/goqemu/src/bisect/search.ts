/** What is known of a candidate once it was tried. */
export type Verdict = 'good' | 'bad' | 'skipped';

export interface SearchOptions {
  /** How many candidates there are, in their order: the first is good, and the last is bad. At least 2. */
  readonly count: number;
  /** Candidates that are tried at a time, at least 1. */
  readonly width: number;
  /**
   * Tries one. Its signal aborts when the answer has come to be of no use; what it throws then is ignored, and anything else
   * ends the search.
   */
  readonly probe: (index: number, signal: AbortSignal) => Promise<Verdict>;
}

export interface SearchResult {
  /** Index of the last candidate that is good. */
  readonly lastGood: number;
  /** Index of the first candidate that is bad: the next one, unless what is between them was skipped. */
  readonly firstBad: number;
}

interface Probe {
  readonly index: number;
  readonly giveUp: AbortController;
  readonly ended: Promise<Probe & { readonly verdict?: Verdict; readonly error?: unknown }>;
}

/**
 * Finds the first bad candidate. Several are tried at a time, spread evenly over what is left; an answer ends those that it
 * makes superfluous.
 */
export async function search({ count, width, probe }: SearchOptions): Promise<SearchResult> {
  let good = 0;
  let bad = count - 1;
  const skipped = new Set<number>();
  const running = new Map<number, Probe>();
  const isOpen = (index: number) => index > good && index < bad;
  const start = (index: number) => {
    const giveUp = new AbortController();
    const ended = probe(index, giveUp.signal).then(
      (verdict) => ({ ...own, verdict }),
      (error: unknown) => ({ ...own, error }),
    );
    const own: Probe = { index, giveUp, ended };
    running.set(index, own);
  };
  try {
    for (;;) {
      for (let next = furthest(); next !== undefined && running.size < width; next = furthest()) start(next);
      if (running.size === 0) return { lastGood: good, firstBad: bad };
      const { index, giveUp, verdict, error } = await Promise.race([...running.values()].map(({ ended }) => ended));
      running.delete(index);
      if (giveUp.signal.aborted) continue;
      if (verdict === undefined) throw error;
      if (verdict === 'skipped') skipped.add(index);
      else if (verdict === 'good') good = index;
      else bad = index;
      for (const other of running.values()) if (!isOpen(other.index)) other.giveUp.abort();
    }
  } finally {
    for (const { giveUp } of running.values()) giveUp.abort();
    await Promise.all([...running.values()].map(({ ended }) => ended));
  }

  /** The candidate that lies furthest from all that is known or being tried. */
  function furthest(): number | undefined {
    const marks = [good, bad, ...running.keys()];
    let found: number | undefined;
    let most = 0;
    for (let index = good + 1; index < bad; index++) {
      if (skipped.has(index)) continue;
      const distance = Math.min(...marks.map((mark) => Math.abs(mark - index)));
      if (distance > most) [found, most] = [index, distance];
    }
    return found;
  }
}
