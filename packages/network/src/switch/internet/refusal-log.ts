/** Kept at most, per network; the ones that were refused longest ago go. */
const mostKept = 64;

/** What machines were refused. */
export interface Refusal {
  /** The switch's name for it. */
  readonly machine: string;
  /** A name, or `tcp 192.0.2.7:443`. */
  readonly what: string;
  readonly why: string;
  readonly times: number;
  /** When it was refused last, in milliseconds since 1970. */
  readonly at: number;
}

/** The last that was refused in a network, each once with how often. */
export class RefusalLog {
  readonly #now: () => number;
  readonly #kept = new Map<string, Refusal>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  note(machine: string, what: string, why: string): void {
    const key = `${machine} ${what} ${why}`;
    const times = (this.#kept.get(key)?.times ?? 0) + 1;
    this.#kept.delete(key);
    this.#kept.set(key, { machine, what, why, times, at: this.#now() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The newest first. */
  list(): readonly Refusal[] {
    return [...this.#kept.values()].reverse();
  }
}
