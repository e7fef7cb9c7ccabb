import type { Clock } from '../../clock.ts';
import { type Segment, tcpFlag } from './segment.ts';
import { distance, sequenceAfter } from './sequence.ts';
import { receiveRoom, TcpReceiver } from './tcp-receiver.ts';
import { TcpSender } from './tcp-sender.ts';

/** What the endpoint says of itself besides its two ports. */
export type SegmentBody = Omit<Segment, 'sourcePort' | 'targetPort'>;

export interface TcpEndpointEvents {
  readonly onSegment: (segment: SegmentBody) => void;
  /** The guest has sent bytes, which are the receiver's. */
  readonly onBytes: (bytes: Buffer) => void;
  /** The guest sends nothing more. */
  readonly onEnd: () => void;
  /** More may be written again. */
  readonly onRoom: () => void;
  /** It is over: both ends have ended, or one has reset it (`isReset`). */
  readonly onClose: (isReset: boolean) => void;
}

export interface TcpEndpointOptions extends TcpEndpointEvents {
  readonly clock: Clock;
  /** The guest's first segment. */
  readonly first: Segment;
  /** Number of the first segment to the guest: one that cannot be guessed (RFC 6528). */
  readonly sequence: number;
  /** The most that a segment in this network carries. */
  readonly mss: number;
}

/** RFC 9293 §3.7.1: of a guest that does not say how much it takes. */
const defaultMss = 536;
const leastMss = 88;
/** The window is written in units of four bytes, where the guest knows of scaling. */
const ownScale = 2;

/**
 * One end of a TCP connection whose other end is in a guest (RFC 9293): what the guest sends is put in order, what is
 * written goes to it until it is acknowledged. It stands on neither sockets nor frames.
 */
export class TcpEndpoint {
  readonly #options: TcpEndpointOptions;
  readonly #receiver: TcpReceiver;
  readonly #sender: TcpSender;
  readonly #isScaled: boolean;
  /** Bytes that were given on and are not taken yet. */
  #held = 0;
  /** One after the last number that the guest was allowed to send; it never moves back. */
  #allowedTo: number;
  #isOpening = true;
  #isAccepted = false;
  #isOver = false;
  #owesAcknowledgement = false;
  #hasToldEnd = false;
  /** When the guest was last heard. */
  heardAt: number;

  constructor(options: TcpEndpointOptions) {
    const { first, clock, sequence } = options;
    this.#options = options;
    this.#isScaled = first.scale !== undefined;
    this.#receiver = new TcpReceiver(sequenceAfter(first.sequence, 1), (bytes) => {
      this.#held += bytes.length;
      options.onBytes(bytes);
    });
    this.#allowedTo = this.#receiver.next;
    this.heardAt = clock.now();
    this.#sender = new TcpSender({
      clock,
      sequence,
      mss: Math.max(leastMss, Math.min(options.mss, first.mss ?? defaultMss)),
      transmit: (at, payload, flags) => this.#say(at, flags, payload),
      onRoom: options.onRoom,
      onGiveUp: () => this.reset(),
    });
  }

  /** Bytes that wait for the guest. */
  get waiting(): number {
    return this.#sender.waiting;
  }

  /** Both ends have ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The connection stands on the other side: the guest may speak. */
  accept(): void {
    if (this.#isOver || this.#isAccepted) return;
    this.#isAccepted = true;
    this.#sender.open();
  }

  /** Sends bytes to the guest; they are kept until they are acknowledged, and not to be changed. */
  write(bytes: Buffer): void {
    if (!this.#isOver) this.#sender.push(bytes);
  }

  /** Nothing more will be written. */
  end(): void {
    if (!this.#isOver) this.#sender.end();
  }

  /** So many of the bytes that were given on are taken: as many more may come. */
  took(bytes: number): void {
    this.#held = Math.max(0, this.#held - bytes);
    const left = distance(this.#allowedTo, this.#receiver.next);
    const isNarrow = left < receiveRoom / 2 && receiveRoom - this.#held >= receiveRoom / 2;
    if (isNarrow && this.#isAccepted && !this.#isOver && !this.#receiver.isEnded) this.#acknowledge();
  }

  /** Ends it at once, on both sides. */
  reset(): void {
    if (this.#isOver) return;
    const flags = tcpFlag.reset | tcpFlag.ack;
    this.#say(this.#sender.next, flags, Buffer.alloc(0));
    this.#close(true);
  }

  /** Ends it without a word: its guest is not what it was. */
  forget(): void {
    if (!this.#isOver) this.#close(true);
  }

  /** Asks whether the guest is still there (RFC 9293 §3.8.4). */
  probe(): void {
    if (!this.#isOver && !this.#isOpening) this.#say(sequenceAfter(this.#sender.acknowledged, -1), 0, Buffer.alloc(0));
  }

  /** Acknowledges what came since; to be called after the segments of one piece. */
  settle(): void {
    if (this.#owesAcknowledgement && !this.#isOver) this.#acknowledge();
  }

  /** A segment of the guest came; one that comes after both ends have ended is acknowledged again. */
  input(segment: Segment): void {
    if (this.#isOver) {
      if ((segment.flags & tcpFlag.reset) === 0) this.#acknowledge(); // the last one was lost
      return;
    }
    const offset = distance(segment.sequence, this.#receiver.next);
    const room = this.#room();
    if ((segment.flags & tcpFlag.reset) !== 0) {
      this.#resetByGuest(offset, room);
      return;
    }
    if (!this.#isAccepted) return; // it has not been answered yet
    this.heardAt = this.#options.clock.now();
    if (this.#isOutOfPlace(segment, offset, room)) {
      if (!this.#isOpening) this.#acknowledge();
      return;
    }
    if ((segment.flags & tcpFlag.ack) === 0) return;
    this.#isOpening &&= this.#sender.acknowledged === this.#options.sequence;
    if (this.#isOpening) return;
    if (!isPlain(segment)) this.#take(segment, room);
    else if (offset < 0) this.#acknowledge(); // it asks whether this end is still there
    if (this.#receiver.isEnded && this.#sender.isEnded) this.#close(false);
  }

  /** Whether a segment is only to be answered with where this end is; what it acknowledges is noted else. */
  #isOutOfPlace(segment: Segment, offset: number, room: number): boolean {
    // RFC 5961 §4: one that began again resets this connection when it gets this.
    if ((segment.flags & tcpFlag.syn) !== 0) return true;
    const isOld = offset + segment.payload.length < 0 && !isPlain(segment);
    if (offset > room || isOld) return true;
    if ((segment.flags & tcpFlag.ack) === 0) return false;
    const window = segment.window << (this.#isScaled ? (this.#options.first.scale ?? 0) : 0);
    return !this.#sender.accept(segment.acknowledgement, window, { isPlain: isPlain(segment) });
  }

  #take({ sequence, flags, payload }: Segment, window: number): void {
    const isLast = (flags & tcpFlag.fin) !== 0;
    if (this.#receiver.take(sequence, payload, { isLast, window })) this.#owesAcknowledgement = true;
    else this.#acknowledge(); // at once, as the guest counts them
    if (!this.#receiver.isEnded || this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    this.#acknowledge();
    this.#options.onEnd();
  }

  #resetByGuest(offset: number, room: number): void {
    if (offset === 0) this.#close(true);
    else if (offset > 0 && offset < room && this.#isAccepted) this.#acknowledge(); // RFC 5961 §3
  }

  #room(): number {
    return Math.max(0, receiveRoom - this.#held, distance(this.#allowedTo, this.#receiver.next));
  }

  #acknowledge(): void {
    this.#say(this.#sender.next, 0, Buffer.alloc(0));
  }

  #say(sequence: number, flags: number, payload: Buffer): void {
    const isFirst = (flags & tcpFlag.syn) !== 0;
    const scale = this.#isScaled ? ownScale : 0;
    const window = Math.min(0xffff, this.#room() >>> (isFirst ? 0 : scale));
    const allowed = sequenceAfter(this.#receiver.next, window << (isFirst ? 0 : scale));
    if (distance(allowed, this.#allowedTo) > 0) this.#allowedTo = allowed;
    this.#owesAcknowledgement = false;
    this.#options.onSegment({
      sequence,
      acknowledgement: this.#receiver.next,
      flags: flags | tcpFlag.ack,
      window,
      ...(isFirst ? { mss: this.#options.mss, ...(this.#isScaled ? { scale } : {}) } : {}),
      payload,
    });
  }

  #close(isReset: boolean): void {
    this.#isOver = true;
    this.#sender.close();
    this.#receiver.clear();
    this.#options.onClose(isReset);
  }
}

function isPlain({ payload, flags }: Segment): boolean {
  return payload.length === 0 && (flags & tcpFlag.fin) === 0;
}
