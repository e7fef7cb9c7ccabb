import type { DirectionCounters } from '../bridge/counters.ts';
import type { Clock } from '../clock.ts';
import { prefixBytes } from '../frames/frame-reader.ts';
import { DelayQueue } from './delay-queue.ts';
import type { LineFaults } from './faults.ts';
import type { Random } from './random.ts';

export interface FaultLineOptions {
  readonly faults: LineFaults;
  /** Bytes that may be held back at once; what comes beyond is dropped. @default 4 MiB */
  readonly limit?: number;
  readonly random: Random;
  readonly clock: Clock;
  readonly counters: DirectionCounters;
  /** Gets a frame with its length before it, in memory of its own, from the port of that number. */
  readonly deliver: (frame: Buffer, source: number) => void;
  /** Called after the frames that were due at the same time. */
  readonly delivered: () => void;
}

const defaultLimit = 2 ** 22;

/** A line on which frames are late, lost, doubled, damaged or out of order; in the steps of netem's `netem_enqueue`. */
export class FaultLine {
  readonly #options: FaultLineOptions;
  readonly #queue = new DelayQueue();
  /** When the last frame is due that waits for its turn at the limited rate. */
  #busyUntil = 0;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: FaultLineOptions) {
    this.#options = options;
  }

  /** Frames that are held back. */
  get held(): number {
    return this.#queue.length;
  }

  /** Takes a frame of this source: `start` is where its length is, `end` where it ends. It is copied. */
  push(source: number, bytes: Buffer, start: number, end: number): void {
    const { faults, random } = this.#options;
    let copies = 1;
    if (faults.duplication && random() < faults.duplication) copies += 1;
    if (faults.loss && random() < faults.loss) copies -= 1;
    if (copies === 0) this.#options.counters.dropped.loss += 1;
    for (; copies > 0; copies -= 1) {
      const frame = Buffer.allocUnsafeSlow(end - start);
      bytes.copy(frame, 0, start, end);
      if (faults.corruption && random() < faults.corruption) this.#flipBit(frame);
      this.#enqueue(frame, source);
    }
  }

  /** Drops what is held back and `isDropped` is true of; returns the number of frames. */
  drop(isDropped: (entry: { readonly source: number; readonly frame: Buffer }) => boolean): number {
    return this.#queue.drop(isDropped);
  }

  /** Delivers at once what is still held back: the faults end. */
  close(): void {
    this.#cancelTimer?.();
    this.#release(Number.POSITIVE_INFINITY);
  }

  #flipBit(frame: Buffer): void {
    const bit = Math.floor(this.#options.random() * (frame.length - prefixBytes) * 8);
    const at = prefixBytes + (bit >> 3);
    frame[at] = (frame[at] as number) ^ (1 << (bit & 7));
  }

  #enqueue(frame: Buffer, source: number): void {
    const { faults, limit = defaultLimit, clock, counters, random, deliver } = this.#options;
    if (this.#queue.bytes + frame.length > limit) {
      counters.dropped.delayed += 1;
      return;
    }
    const now = clock.now();
    const due = faults.reordering && random() < faults.reordering ? now : this.#due(now, frame.length - prefixBytes);
    if (due <= now && (this.#queue.length === 0 || faults.reordering)) deliver(frame, source);
    else this.#queue.push(due, frame, source);
    this.#setTimer();
  }

  #due(now: number, size: number): number {
    const { latency = 0, jitter = 0, rate } = this.#options.faults;
    let delay = jitter > 0 ? latency + jitter * (2 * this.#options.random() - 1) : latency;
    if (!rate) return now + Math.max(0, delay);
    // Behind another frame the time until that one leaves is a part of the delay.
    const begin = Math.max(now, this.#busyUntil);
    delay = Math.max(0, delay - (begin - now));
    this.#busyUntil = begin + delay + (size / rate) * 1000;
    return this.#busyUntil;
  }

  #setTimer(): void {
    const { due } = this.#queue;
    if (due === undefined || this.#timerAt <= due) return;
    this.#cancelTimer?.();
    this.#timerAt = due;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(1, due - clock.now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#release(clock.now());
      this.#setTimer();
    });
  }

  #release(now: number): void {
    const { deliver, delivered } = this.#options;
    while (this.#queue.due !== undefined && this.#queue.due <= now) {
      const entry = this.#queue.shift();
      if (entry) deliver(entry.frame, entry.source);
    }
    delivered();
  }
}
