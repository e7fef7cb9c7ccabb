const leastMs = 300;
const mostMs = 60_000;

/** How long an acknowledgement may take, from those that came (RFC 6298). */
export class RoundTrip {
  #smoothed: number | undefined;
  #variation = 0;
  #timeoutMs = 1_000;

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  measured(ms: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = ms;
      this.#variation = ms / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - ms);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * ms;
    }
    this.#timeoutMs = bounded(this.#smoothed + 4 * this.#variation);
  }

  /** None came in time. */
  backOff(): void {
    this.#timeoutMs = bounded(this.#timeoutMs * 2);
  }
}

function bounded(ms: number): number {
  return Math.min(mostMs, Math.max(leastMs, ms));
}
