import type { Writable } from 'node:stream';
import type { FrameDirection, FrameObserver } from '../bridge/frame-observer.ts';
import type { SwitchPort } from '../bridge/switch-port.ts';
import {
  interfaceDescription,
  interfaceStatistics,
  packetBytes,
  packetDirection,
  sectionHeader,
  writePacket,
} from './pcapng.ts';

const pageBytes = 256 * 1024;
/** Bytes that may wait for a slow disk or reader; frames beyond are left out and counted. */
const mostWaiting = 8 * 2 ** 20;

export interface CaptureLimits {
  /** Bytes of each frame that are kept. @default 262_144: all */
  readonly snapLength: number;
  /** Bytes after which the capture ends by itself. */
  readonly maxBytes: number;
}

export interface CaptureOptions extends CaptureLimits {
  readonly output: Writable;
  readonly comment: string;
  /** Whether a frame at this port and in this direction belongs to it. */
  readonly includes: (port: SwitchPort, direction: FrameDirection) => boolean;
  /** Called once, when it ends by itself: its limit was reached, or the output failed. */
  readonly onEnd: (reason: string) => void;
}

interface Interface {
  readonly id: number;
  received: number;
  dropped: number;
}

/**
 * Writes the frames that pass to a pcapng stream, each port as an interface. A frame that comes from a machine is
 * outbound there, one to it inbound: an interface stands for the machine's card.
 */
export class Capture implements FrameObserver {
  readonly #options: CaptureOptions;
  readonly #interfaces = new Map<string, Interface>();
  #page = Buffer.allocUnsafe(pageBytes);
  #used = 0;
  #isScheduled = false;
  #ended: string | undefined;
  #finished: Promise<void> | undefined;
  bytes = 0;
  frames = 0;
  dropped = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    options.output.on('error', (error) => this.#end(`it cannot be written: ${error.message}`));
    options.output.on('close', () => this.#end('its reader has gone'));
    this.#append(sectionHeader(options.comment));
    this.#schedule();
  }

  /** Why it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  frame(port: SwitchPort, direction: FrameDirection, bytes: Buffer, at: number, end: number): void {
    const { includes, snapLength, maxBytes, output } = this.#options;
    if (this.#ended !== undefined || !includes(port, direction)) return;
    const its = this.#interface(port);
    its.received += 1;
    const kept = Math.min(end - at, snapLength);
    const size = packetBytes(kept);
    if (output.writableLength + this.#used + size > mostWaiting) {
      its.dropped += 1;
      this.dropped += 1;
      return;
    }
    if (this.bytes + size > maxBytes) {
      void this.stop(`it reached its limit of ${maxBytes} bytes`);
      return;
    }
    this.#makeRoom(size);
    const time = now();
    const header = {
      interface: its.id,
      time,
      direction: direction === 'fromMachine' ? packetDirection.outbound : packetDirection.inbound,
      length: end - at,
      kept,
    };
    this.#used = writePacket(this.#page, this.#used, header, bytes, at);
    this.bytes += size;
    this.frames += 1;
    this.#schedule();
  }

  /** Writes what is missing, and ends the output; settles when that is done. */
  async stop(reason = 'it was stopped'): Promise<void> {
    if (this.#ended === undefined) this.#finished = this.#finish(reason);
    await this.#finished;
  }

  async #finish(reason: string): Promise<void> {
    const { output } = this.#options;
    const time = now();
    for (const { id, received, dropped } of this.#interfaces.values())
      this.#append(interfaceStatistics({ interface: id, time, received, dropped }));
    this.#flush();
    this.#end(reason);
    await new Promise<void>((resolve) => {
      output.once('close', resolve);
      output.end(resolve);
    });
  }

  #interface(port: SwitchPort): Interface {
    const present = this.#interfaces.get(port.name);
    if (present) return present;
    const made = { id: this.#interfaces.size, received: 0, dropped: 0 };
    this.#interfaces.set(port.name, made);
    const [machine, card] = port.name.split(':');
    const description = card === undefined ? 'the gateway of the network' : `card ${card} of machine ${machine}`;
    this.#append(interfaceDescription({ name: port.name, description, snapLength: this.#options.snapLength }));
    return made;
  }

  #append(block: Buffer): void {
    this.#makeRoom(block.length);
    this.#used += block.copy(this.#page, this.#used);
    this.bytes += block.length;
  }

  #makeRoom(size: number): void {
    if (this.#used + size <= this.#page.length) return;
    this.#flush();
    if (size > this.#page.length) this.#page = Buffer.allocUnsafe(pageBytes);
  }

  /** What came in one turn of the event loop leaves together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { output } = this.#options;
    if (this.#used === 0 || output.destroyed || output.writableEnded) return;
    output.write(this.#page.subarray(0, this.#used));
    this.#page = this.#page.subarray(this.#used); // what was written stays as it is until it has left
    this.#used = 0;
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#options.onEnd(reason);
  }
}

/** Microseconds since 1970. */
function now(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}
