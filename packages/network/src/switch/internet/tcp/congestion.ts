/** How much may be under way: slow start, congestion avoidance and recovery (RFC 5681, RFC 6582). */
export class Congestion {
  readonly #mss: number;
  #threshold = Number.MAX_SAFE_INTEGER;
  #window: number;
  /** Up to where what was sent before a loss reaches; until then, more is taken for lost without waiting. */
  recoverTo: number | undefined;

  constructor(mss: number) {
    this.#mss = mss;
    this.#window = 10 * mss; // RFC 6928
  }

  get window(): number {
    return this.#window;
  }

  acknowledged(bytes: number): void {
    if (this.#window < this.#threshold) this.#window += Math.min(bytes, this.#mss);
    else this.#window += Math.max(1, Math.floor((this.#mss * this.#mss) / this.#window));
  }

  /** The third acknowledgement of the same: the segment after it is lost. */
  lost(underWay: number, sentTo: number): void {
    this.#threshold = Math.max(underWay / 2, 2 * this.#mss);
    this.#window = this.#threshold + 3 * this.#mss;
    this.recoverTo = sentTo;
  }

  /** One more of the same: a segment has left the network. */
  duplicate(): void {
    if (this.recoverTo !== undefined) this.#window += this.#mss;
  }

  /** Some of what was lost has come, and not all. */
  partly(bytes: number): void {
    this.#window = Math.max(this.#mss, this.#window - bytes + this.#mss);
  }

  recovered(): void {
    this.recoverTo = undefined;
    this.#window = this.#threshold;
  }

  /** Nothing came in time. */
  timedOut(underWay: number): void {
    this.#threshold = Math.max(underWay / 2, 2 * this.#mss);
    this.#window = this.#mss;
    this.recoverTo = undefined;
  }
}
