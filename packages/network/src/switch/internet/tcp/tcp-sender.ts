import type { Clock } from '../../clock.ts';
import { ByteQueue } from './byte-queue.ts';
import { Congestion } from './congestion.ts';
import { RoundTrip } from './round-trip.ts';
import { tcpFlag } from './segment.ts';
import { distance, sequenceAfter } from './sequence.ts';

/** Times that the same is sent again; the last wait is about a minute. */
const mostRepeats = 10;
/** Bytes that wait for the guest; who brings them is asked to wait until half of them are gone. */
export const sendRoom = 128 * 1024;

export interface TcpSenderOptions {
  readonly clock: Clock;
  /** Number of the first segment. */
  readonly sequence: number;
  readonly mss: number;
  /** Sends bytes with these flags. */
  readonly transmit: (sequence: number, payload: Buffer, flags: number) => void;
  /** There is room again. */
  readonly onRoom: () => void;
  /** The guest answers nothing any more. */
  readonly onGiveUp: () => void;
}

/** What goes to the guest, and goes again until it is acknowledged. */
export class TcpSender {
  readonly #options: TcpSenderOptions;
  readonly #queue = new ByteQueue();
  readonly #roundTrip = new RoundTrip();
  readonly #congestion: Congestion;
  /** The first number that is not acknowledged, the next to be sent, and the one after all that was sent. */
  #acknowledged: number;
  #next: number;
  #highest: number;
  /** What the guest takes at most. */
  #window = 0;
  #isOpen = false;
  #isEnding = false;
  #isEndAcknowledged = false;
  #duplicates = 0;
  #repeats = 0;
  #measuring: { readonly to: number; readonly since: number } | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: TcpSenderOptions) {
    this.#options = options;
    this.#congestion = new Congestion(options.mss);
    this.#acknowledged = options.sequence;
    this.#next = options.sequence;
    this.#highest = options.sequence;
  }

  get next(): number {
    return this.#next;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Bytes that wait or are under way. */
  get waiting(): number {
    return this.#queue.length;
  }

  get isEnded(): boolean {
    return this.#isEndAcknowledged;
  }

  /** Accepts the connection. */
  open(): void {
    this.#transmit(this.#acknowledged, Buffer.alloc(0), tcpFlag.syn);
    this.#next = sequenceAfter(this.#acknowledged, 1);
    this.#highest = this.#next;
    this.#measuring = { to: this.#next, since: this.#options.clock.now() };
    this.#arm();
  }

  push(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#fill();
  }

  end(): void {
    this.#isEnding = true;
    this.#fill();
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#queue.clear();
  }

  /** An acknowledgement came; false for one of what was never sent. */
  accept(acknowledgement: number, window: number, { isPlain }: { readonly isPlain: boolean }): boolean {
    const bytes = distance(acknowledgement, this.#acknowledged);
    if (distance(acknowledgement, this.#highest) > 0) return false;
    if (bytes < 0) return true;
    if (bytes === 0) this.#same(window, isPlain);
    else this.#advance(acknowledgement, bytes, window);
    return true;
  }

  #advance(to: number, bytes: number, window: number): void {
    const before = this.#queue.length;
    const opening = this.#isOpen ? 0 : 1;
    this.#isOpen = true;
    this.#queue.drop(bytes - opening);
    if (bytes - opening > before) this.#isEndAcknowledged = true;
    this.#acknowledged = to;
    if (distance(this.#next, to) < 0) this.#next = to;
    if (this.#measuring && distance(to, this.#measuring.to) >= 0) {
      this.#roundTrip.measured(this.#options.clock.now() - this.#measuring.since);
      this.#measuring = undefined;
    }
    this.#repeats = 0;
    this.#duplicates = 0;
    const { recoverTo } = this.#congestion;
    if (recoverTo === undefined) this.#congestion.acknowledged(bytes);
    else if (distance(to, recoverTo) >= 0) this.#congestion.recovered();
    else {
      this.#congestion.partly(bytes);
      this.#repeatFirst();
    }
    this.#window = window;
    this.#rearm();
    this.#fill();
    if (before > sendRoom / 2 && this.#queue.length <= sendRoom / 2) this.#options.onRoom();
  }

  /** The same acknowledgement again: after three of them, what comes next is lost (RFC 5681 §3.2). */
  #same(window: number, isPlain: boolean): void {
    const isDuplicate = isPlain && window === this.#window && this.#underWay > 0;
    this.#window = window;
    if (window === 0) this.#repeats = 0; // it is there, and waits
    if (isDuplicate) {
      this.#duplicates += 1;
      if (this.#duplicates === 3 && this.#congestion.recoverTo === undefined) {
        this.#congestion.lost(this.#underWay, this.#highest);
        this.#repeatFirst();
      } else if (this.#duplicates > 3) this.#congestion.duplicate();
    }
    this.#fill();
  }

  get #underWay(): number {
    return distance(this.#next, this.#acknowledged);
  }

  /** Sends what may be sent. */
  #fill(): void {
    if (!this.#isOpen) return;
    const { mss } = this.#options;
    const most = Math.min(this.#window, this.#congestion.window);
    for (;;) {
      const offset = this.#underWay;
      const left = this.#queue.length - offset;
      if (left > 0) {
        const size = Math.min(left, mss, most - offset);
        // A short segment waits for what is under way, unless it is the last (RFC 9293 §3.8.6.2.1).
        if (size <= 0 || (size < mss && size < left && offset > 0)) break;
        this.#sendNext(this.#queue.copy(offset, size), size === left ? tcpFlag.push : 0, size);
      } else if (left === 0 && this.#isEnding && !this.#isEndAcknowledged) {
        this.#sendNext(Buffer.alloc(0), tcpFlag.fin, 1);
      } else break;
    }
    if (this.#underWay > 0 || this.#queue.length > 0) this.#arm();
  }

  #sendNext(payload: Buffer, flags: number, numbers: number): void {
    this.#transmit(this.#next, payload, flags);
    this.#next = sequenceAfter(this.#next, numbers);
    const isNew = distance(this.#next, this.#highest) > 0;
    if (!isNew) return;
    this.#highest = this.#next;
    this.#measuring ??= { to: this.#next, since: this.#options.clock.now() };
  }

  /** Sends the first segment that is not acknowledged once more; it is no measure (Karn's algorithm). */
  #repeatFirst(): void {
    this.#measuring = undefined;
    const size = Math.min(this.#options.mss, this.#queue.length);
    if (size > 0) this.#transmit(this.#acknowledged, this.#queue.copy(0, size), 0);
    else if (this.#isEnding) this.#transmit(this.#acknowledged, Buffer.alloc(0), tcpFlag.fin);
  }

  #transmit(sequence: number, payload: Buffer, flags: number): void {
    this.#options.transmit(sequence, payload, flags);
  }

  #arm(): void {
    this.#cancelTimer ??= this.#options.clock.after(this.#roundTrip.timeoutMs, () => this.#expired());
  }

  #rearm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #expired(): void {
    this.#cancelTimer = undefined;
    if (this.#repeats >= mostRepeats) {
      this.#options.onGiveUp();
      return;
    }
    this.#repeats += 1;
    this.#roundTrip.backOff();
    this.#measuring = undefined;
    this.#duplicates = 0;
    if (!this.#isOpen) {
      this.#transmit(this.#acknowledged, Buffer.alloc(0), tcpFlag.syn);
      this.#arm();
      return;
    }
    this.#congestion.timedOut(this.#underWay);
    this.#next = this.#acknowledged;
    if (this.#window === 0 && this.#queue.length > 0) {
      // Asks whether the window has opened (RFC 9293 §3.8.6.1); the byte is sent again with the others.
      this.#transmit(this.#next, this.#queue.copy(0, 1), tcpFlag.push);
      const probed = sequenceAfter(this.#next, 1);
      if (distance(probed, this.#highest) > 0) this.#highest = probed;
    } else this.#fill();
    this.#arm();
  }
}
