import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';

/** What a chardev's owner (a monitor, an agent) does with its one client. */
export interface ChardevOwner {
  /** A client has got its turn. */
  opened(): void;
  received(bytes: Buffer): void;
  /** The client has gone; what was buffered for it is dropped. */
  closed(): void;
}

/** What goes wrong on purpose; may be changed while the server runs. */
export interface ChardevFaults {
  /** Send in pieces of so many bytes, each in a turn of the event loop of its own. */
  splitBytes?: number;
  /** Read and drop everything; never answer. */
  silent?: boolean;
}

/**
 * A socket chardev as QEMU has it: it listens all the time, but serves one client. A second one connects, and
 * then waits without a word until the first has gone.
 */
export class Chardev implements AsyncDisposable {
  readonly faults: ChardevFaults;
  readonly #server: Server;
  readonly #owner: ChardevOwner;
  readonly #waiting: Socket[] = [];
  #client: Socket | undefined;
  #unsent: Buffer[] = [];
  #sending = false;

  private constructor(owner: ChardevOwner, faults: ChardevFaults) {
    this.#owner = owner;
    this.faults = faults;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#arrive(socket));
  }

  static async listen(where: ListenOptions, owner: ChardevOwner, faults: ChardevFaults = {}): Promise<Chardev> {
    const chardev = new Chardev(owner, faults);
    await new Promise<void>((resolve, reject) => {
      chardev.#server.once('error', reject);
      chardev.#server.listen(where, () => resolve());
    });
    return chardev;
  }

  /** Where to connect to. */
  get address(): { path: string } | { host: string; port: number } {
    const address = this.#server.address() as AddressInfo | string;
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port };
  }

  /** True while a client is being served. */
  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** How many clients wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** What was sent and is still in this process, because the client does not read. */
  get unsentBytes(): number {
    return this.#client?.writableLength ?? 0;
  }

  /** Sends to the client of now; without one, bytes are dropped, as QEMU does. */
  send(bytes: string | Uint8Array): void {
    if (!this.#client || this.faults.silent) return;
    const { splitBytes } = this.faults;
    if (splitBytes === undefined && !this.#sending) {
      this.#client.write(bytes);
      return;
    }
    this.#unsent.push(Buffer.from(bytes as Uint8Array));
    if (!this.#sending) void this.#sendPieces(this.#client);
  }

  /** Hangs up on the client, after what was sent so far. */
  hangUp(): void {
    this.#client?.end();
    this.#client?.destroySoon();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#waiting) socket.destroy();
    this.#client?.destroySoon();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #arrive(socket: Socket): void {
    socket.on('error', () => undefined); // a client that goes without a word is the everyday case
    if (this.#client) {
      this.#waiting.push(socket);
      socket.once('close', () => {
        const place = this.#waiting.indexOf(socket);
        if (place >= 0) this.#waiting.splice(place, 1);
      });
    } else this.#serve(socket);
  }

  #serve(socket: Socket): void {
    this.#client = socket;
    this.#unsent = [];
    socket.on('data', (bytes) => {
      if (!this.faults.silent) this.#owner.received(bytes);
    });
    socket.once('close', () => {
      this.#client = undefined;
      this.#owner.closed();
      const next = this.#waiting.shift();
      if (next && this.#server.listening) this.#serve(next);
    });
    this.#owner.opened();
    socket.resume();
  }

  async #sendPieces(client: Socket): Promise<void> {
    this.#sending = true;
    for (let bytes = this.#unsent.shift(); bytes && client === this.#client; bytes = this.#unsent.shift()) {
      const size = this.faults.splitBytes ?? bytes.length;
      for (let at = 0; at < bytes.length; at += size) {
        client.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#sending = false;
  }
}
