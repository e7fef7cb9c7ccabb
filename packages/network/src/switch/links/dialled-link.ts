import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/**
 * Where a QEMU listens for the switch: a Unix socket, or, where Node opens none (Windows), a port of this host's loopback.
 * Each start of QEMU has another port, so a file says it: read at each dial.
 */
export type LinkEndpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'port-file'; readonly path: string };

export interface DialledLinkOptions {
  /** Dialled in turn until one answers. */
  readonly endpoints: readonly [LinkEndpoint, ...LinkEndpoint[]];
  readonly clock: Clock;
  /** Gets what was read: the memory is used again afterwards. False ends the connection. */
  readonly onBytes: (bytes: Buffer, length: number) => boolean;
  readonly onConnect: () => void;
  /** The connection ended, or there was none after all. */
  readonly onEnd: (wasConnected: boolean) => void;
}

/** Milliseconds until the next try, doubled up to the second number. */
const firstRetryMs = 20;
const longestRetryMs = 1_000;

const readBytes = 64 * 1024;
/** Full reads in one turn of the event loop, so that a port that sends without end leaves time for the others. */
const readsPerTurn = 4;

/**
 * The connection to one card. QEMU listens and this dials, again and again while nothing answers or after the connection
 * ended: QEMU takes a new client once the former has closed (`-netdev stream`, 7.2).
 */
export class DialledLink {
  readonly #options: DialledLinkOptions;
  readonly #bytes = Buffer.alloc(readBytes);
  #socket: Socket | undefined;
  #isConnected = false;
  #isClosed = false;
  #retryMs = firstRetryMs;
  #cancelRetry: (() => void) | undefined;
  #fullReads = 0;
  #dials = 0;

  constructor(options: DialledLinkOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Dials now, for instance because a QEMU was just started. */
  dial(): void {
    this.#retryMs = firstRetryMs;
    if (this.#isClosed || this.#socket) return;
    this.#cancelRetry?.();
    const { endpoints, onConnect } = this.#options;
    const endpoint = endpoints[this.#dials++ % endpoints.length] ?? endpoints[0];
    const address = addressOf(endpoint);
    if (!address) {
      this.#dialLater();
      return;
    }
    const onread = { buffer: this.#bytes, callback: (length: number) => this.#read(socket, length) };
    const socket: Socket = connect({ ...address, noDelay: true, onread });
    this.#socket = socket;
    socket.on('connect', () => {
      this.#isConnected = true;
      this.#retryMs = firstRetryMs;
      if ('port' in address) this.#leaveWhenMoved(endpoint, address.port);
      onConnect();
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.#ended(socket));
  }

  /** Writes bytes that must stay as they are until `done` is called, which it is not when the connection ends. */
  write(bytes: Buffer, done: () => void): void {
    const socket = this.#socket;
    socket?.write(bytes, (error) => {
      if (!error && socket === this.#socket) done();
    });
  }

  /** Ends the connection; it is dialled again. */
  reset(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#socket?.destroy();
  }

  /** False makes Node.js stop reading from the socket. */
  #read(socket: Socket, length: number): boolean {
    if (socket !== this.#socket) return false;
    if (!this.#options.onBytes(this.#bytes, length)) {
      socket.destroy();
      return false;
    }
    this.#fullReads = length === readBytes ? this.#fullReads + 1 : 0;
    if (this.#fullReads < readsPerTurn) return true;
    this.#fullReads = 0;
    setImmediate(() => socket.resume());
    return false;
  }

  #ended(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#cancelRetry?.();
    const wasConnected = this.#isConnected;
    this.#socket = undefined;
    this.#isConnected = false;
    this.#options.onEnd(wasConnected);
    if (!this.#isClosed) this.#dialLater();
  }

  /** The port of a QEMU that died may be another program's when it is dialled again; the file says where the next QEMU is. */
  #leaveWhenMoved(endpoint: LinkEndpoint, port: number): void {
    this.#cancelRetry = this.#options.clock.after(longestRetryMs, () => {
      const now = portIn(endpoint.path);
      // A file that cannot be read for a moment, as a scanner has it, says nothing of the QEMU that is connected.
      if (now === undefined || now === port) this.#leaveWhenMoved(endpoint, port);
      else this.reset();
    });
  }

  #dialLater(): void {
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, () => {
      const next = Math.min(2 * this.#retryMs, longestRetryMs);
      this.dial();
      this.#retryMs = next;
    });
  }
}

type LinkAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Undefined where no QEMU has said its port. */
function addressOf(endpoint: LinkEndpoint): LinkAddress | undefined {
  if (endpoint.kind === 'unix') return { path: endpoint.path };
  const port = portIn(endpoint.path);
  return port === undefined ? undefined : { host: '127.0.0.1', port };
}

function portIn(path: string): number | undefined {
  try {
    const port = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined; // not there, or held by the program that writes it: the next dial sees
  }
}
