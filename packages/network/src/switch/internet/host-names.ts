import type { Clock } from '../clock.ts';

/** Milliseconds for which an answer is given again, and after which one counts as failed. */
const keptMs = 30_000;
const longestMs = 10_000;
/** Lookups at once: the host's resolver takes a thread for each, and there are four. */
const mostAtOnce = 2;
const mostWaiting = 64;
const mostKept = 1_024;

export type Found = readonly string[] | 'no such name' | 'failed';

/** Names as the host resolves them, a few at a time. */
export class HostNames {
  readonly #lookup: (name: string) => Promise<readonly string[]>;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly since: number; readonly found: Promise<Found> }>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(lookup: (name: string) => Promise<readonly string[]>, clock: Clock) {
    this.#lookup = lookup;
    this.#clock = clock;
  }

  find(name: string): Promise<Found> {
    const kept = this.#kept.get(name);
    if (kept && this.#clock.now() - kept.since < keptMs) return kept.found;
    if (this.#waiting.length >= mostWaiting) return Promise.resolve('failed');
    const found = this.#inTime(this.#inTurn(name));
    this.#kept.delete(name);
    this.#kept.set(name, { since: this.#clock.now(), found });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    void found.then((answer) => {
      // Only addresses are kept: a name that is made now is there at once.
      if (typeof answer === 'string' && this.#kept.get(name)?.found === found) this.#kept.delete(name);
    });
    return found;
  }

  async #inTurn(name: string): Promise<Found> {
    if (this.#running >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      return await this.#lookup(name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOTFOUND' || code === 'ENODATA' ? 'no such name' : 'failed';
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  #inTime(answer: Promise<Found>): Promise<Found> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(longestMs, () => resolve('failed'));
      void answer.then((found) => {
        cancel();
        resolve(found);
      });
    });
  }
}
