import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { macBytes } from '../src/switch/frames/ethernet.ts';

/** Bytes that are under way at most, as with a sender that waits for acknowledgements. */
const windowBytes = 256 * 1024;

/** One end of a link, as QEMU offers it, that only counts what it gets. */
export class BenchCard {
  readonly path: string;
  readonly #server: Server;
  #socket: Socket | undefined;
  receivedBytes = 0;
  onBytes: (() => void) | undefined;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async listen(path: string): Promise<BenchCard> {
    const server = createServer();
    const card = new BenchCard(path, server);
    server.on('connection', (socket) => {
      card.#socket = socket;
      socket.on('data', (bytes) => {
        card.receivedBytes += bytes.length;
        card.onBytes?.();
      });
      socket.on('error', () => undefined); // the other side was ended
    });
    server.listen(path);
    await once(server, 'listening');
    return card;
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  async connected(): Promise<void> {
    while (!this.#socket) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Sends to another card for so many milliseconds, never more than the window ahead of it; returns bytes and seconds. */
  async bulk(to: BenchCard, piece: Buffer, milliseconds: number): Promise<{ bytes: number; seconds: number }> {
    const first = to.receivedBytes;
    let sent = 0;
    let isSending = true;
    const pump = () => {
      while (isSending && sent - (to.receivedBytes - first) < windowBytes) {
        sent += piece.length;
        this.write(piece);
      }
    };
    to.onBytes = pump;
    const begun = performance.now();
    pump();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const measured = { bytes: to.receivedBytes - first, seconds: (performance.now() - begun) / 1000 };
    isSending = false;
    to.onBytes = undefined;
    await new Promise((resolve) => setTimeout(resolve, 50)); // what is under way arrives
    return measured;
  }

  /** Round trips of one frame there and back, one at a time; returns the microseconds of each. */
  async roundTrips(to: BenchCard, there: Buffer, back: Buffer, count: number): Promise<number[]> {
    const times: number[] = [];
    to.onBytes = () => to.write(back);
    for (let trip = 0; trip < count; trip += 1) {
      const begun = performance.now();
      await new Promise<void>((resolve) => {
        this.onBytes = resolve;
        this.write(there);
      });
      times.push((performance.now() - begun) * 1000);
    }
    to.onBytes = undefined;
    this.onBytes = undefined;
    return times;
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}

/** The address of the card with this number. */
export function benchMac(number: number): string {
  return `52:54:00:00:00:${number.toString(16).padStart(2, '0')}`;
}

/** Frames of this size (with their header) in one piece of at most 60 kB, each with its length. */
export function framesOf(to: number, from: number, size: number, most = 60_000): Buffer {
  const one = Buffer.alloc(4 + size);
  one.writeUInt32BE(size);
  one.set(macBytes(benchMac(to)), 4);
  one.set(macBytes(benchMac(from)), 10);
  one.writeUInt16BE(0x88b5, 16);
  return Buffer.concat(Array.from({ length: Math.max(1, Math.floor(most / one.length)) }, () => one));
}
