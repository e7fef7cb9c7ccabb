/** Frames that a port may flood in a second; as many may come at once. */
export const floodsPerSecond = 20_000;

/** A station that moved here from another port so many times in a second is in a loop. */
export const movesPerSecond = 64;

/** Seconds for which a port in a loop floods nothing. */
const blockedSeconds = 1;

/**
 * Keeps a storm small. A switch without a spanning tree multiplies a broadcast for ever when two of its ports are
 * connected to each other outside of it; then the stations jump from port to port, and by that it is found: such a port
 * floods nothing for a second. What is sent to a known station still passes.
 */
export class StormGuard {
  #second = 0;
  #floods = 0;
  #moves = 0;
  #blockedUntil = 0;

  /** Whether a frame that must be flooded may be; `now` in seconds. */
  admits(now: number): 'storm' | 'loop' | undefined {
    if (now !== this.#second) this.#begin(now);
    if (now < this.#blockedUntil) return 'loop';
    this.#floods += 1;
    return this.#floods > floodsPerSecond ? 'storm' : undefined;
  }

  /** A station moved to this port. */
  moved(now: number): void {
    if (now !== this.#second) this.#begin(now);
    this.#moves += 1;
    if (this.#moves === movesPerSecond) this.#blockedUntil = now + 1 + blockedSeconds;
  }

  #begin(now: number): void {
    this.#second = now;
    this.#floods = 0;
    this.#moves = 0;
  }
}
