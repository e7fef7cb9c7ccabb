import { distance, sequenceAfter } from './sequence.ts';

/** Bytes that the guest may send before they are taken. */
export const receiveRoom = 128 * 1024;
/** Pieces that came too early, at most: each costs more than its bytes. */
const mostEarly = 256;

/** What comes from the guest, put in its order. */
export class TcpReceiver {
  readonly #deliver: (bytes: Buffer) => void;
  /** Apart from each other or not, in their order. */
  #early: { readonly sequence: number; readonly bytes: Buffer }[] = [];
  #end: number | undefined;
  /** The next number that is waited for. */
  next: number;
  /** True: the guest has said everything. */
  isEnded = false;

  constructor(next: number, deliver: (bytes: Buffer) => void) {
    this.next = next;
    this.#deliver = deliver;
  }

  /** Takes what is in the window; false where something before it is missing, or where it was there already. */
  take(sequence: number, payload: Buffer, { isLast, window }: { readonly isLast: boolean; readonly window: number }) {
    const before = this.next;
    const start = distance(sequence, this.next);
    const skipped = Math.max(0, -start);
    const room = Math.max(0, window - Math.max(0, start));
    const bytes = payload.subarray(skipped, skipped + room);
    const isWhole = skipped + bytes.length >= payload.length;
    if (isLast && isWhole && start + payload.length >= 0) this.#end ??= sequenceAfter(sequence, payload.length);
    if (start > 0) this.#keep(sequence, bytes);
    else this.#give(bytes);
    this.#giveEarly();
    if (this.#end === this.next && !this.isEnded) {
      this.isEnded = true;
      this.next = sequenceAfter(this.next, 1);
    }
    return this.next !== before;
  }

  clear(): void {
    this.#early = [];
  }

  /** The bytes lie in what is read into next. */
  #give(bytes: Buffer): void {
    if (bytes.length === 0 || this.isEnded) return;
    this.next = sequenceAfter(this.next, bytes.length);
    this.#deliver(Buffer.from(bytes));
  }

  #keep(sequence: number, bytes: Buffer): void {
    const kept = this.#early.reduce((sum, one) => sum + one.bytes.length, 0);
    if (bytes.length === 0 || this.#early.length >= mostEarly || kept + bytes.length > receiveRoom) return;
    const at = this.#early.findIndex((one) => distance(one.sequence, sequence) >= 0);
    const twin = this.#early[at];
    if (twin?.sequence === sequence && twin.bytes.length >= bytes.length) return;
    this.#early.splice(at === -1 ? this.#early.length : at, 0, { sequence, bytes: Buffer.from(bytes) });
  }

  #giveEarly(): void {
    for (;;) {
      const [first] = this.#early;
      const start = first && distance(first.sequence, this.next);
      if (!first || start === undefined || start > 0) return;
      this.#early.shift();
      this.#give(first.bytes.subarray(Math.min(-start, first.bytes.length)));
    }
  }
}
