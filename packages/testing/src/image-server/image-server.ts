import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** How the server treats one path; see image-server.md. */
export interface PathBehaviour {
  readonly cuts?: readonly number[];
  readonly status?: number;
  readonly times?: number;
  readonly slow?: { readonly chunk: number; readonly delayMs: number };
  readonly ranges?: boolean;
  readonly etag?: boolean;
  readonly length?: boolean;
  readonly redirect?: string;
}

/** A request that the image server has received. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** Form and content of a checksum file that the image server makes. */
export interface ChecksumOptions {
  readonly algorithm: 'sha256' | 'sha512';
  readonly style: 'gnu' | 'bsd' | 'bare';
  /** Paths of the files to be listed. */
  readonly of: readonly string[];
  /** Digits that do not fit the file. */
  readonly wrong?: boolean;
}

/** A documented fake of an image publisher; close it with `await using`. */
export class ImageServer implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, Uint8Array>();
  readonly #behaviours = new Map<string, PathBehaviour>();
  readonly #cutsLeft = new Map<string, number[]>();
  readonly #statusLeft = new Map<string, number>();

  private constructor() {
    this.#server = createServer((request, response) => {
      // A client that goes away in the middle is what many tests are about.
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      this.#record(request);
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(files: Readonly<Record<string, Uint8Array>> = {}): Promise<ImageServer> {
    const server = new ImageServer();
    for (const [path, content] of Object.entries(files)) server.put(path, content);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  put(path: string, content: Uint8Array): void {
    this.#files.set(path, content);
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  behave(path: string, behaviour: PathBehaviour): void {
    this.#behaviours.set(path, behaviour);
    this.#cutsLeft.set(path, [...(behaviour.cuts ?? [])]);
    this.#statusLeft.set(path, behaviour.times ?? Number.POSITIVE_INFINITY);
  }

  /** Puts a checksum file at `path`. */
  checksums(path: string, options: ChecksumOptions): void {
    const lines = options.of.map((file) => {
      const content = options.wrong ? Buffer.from('something else') : (this.#files.get(file) ?? new Uint8Array());
      const digits = createHash(options.algorithm).update(content).digest('hex');
      const name = file.slice(file.lastIndexOf('/') + 1);
      if (options.style === 'bsd') return `${options.algorithm.toUpperCase()} (${name}) = ${digits}`;
      return options.style === 'gnu' ? `${digits}  ${name}` : digits;
    });
    this.put(path, Buffer.from(`${lines.join('\n')}\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #record({ method = '', url: path = '', headers }: IncomingMessage): void {
    this.requests.push({ method, path, range: headers.range, ifRange: headers['if-range']?.toString() });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    this.#record(request);
    const behaviour = this.#behaviours.get(path) ?? {};
    const left = this.#statusLeft.get(path) ?? 0;
    if (behaviour.status !== undefined && left > 0) {
      this.#statusLeft.set(path, left - 1);
      response.writeHead(behaviour.status).end();
      return;
    }
    if (behaviour.redirect !== undefined) {
      response.writeHead(302, { location: behaviour.redirect }).end();
      return;
    }
    const content = this.#files.get(path);
    if (!content) {
      response.writeHead(404).end('not found\n');
      return;
    }
    await this.#send(request, response, content, behaviour);
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    content: Uint8Array,
    behaviour: PathBehaviour,
  ): Promise<void> {
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
    const start = rangeStart(request, behaviour, etag);
    if (start !== undefined && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start ?? 0);
    response.writeHead(start === undefined ? 200 : 206, {
      ...(behaviour.etag === false ? {} : { etag }),
      ...(behaviour.ranges === false ? {} : { 'accept-ranges': 'bytes' }),
      ...(behaviour.length === false ? {} : { 'content-length': body.length }),
      ...(start === undefined ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const cut = this.#cutsLeft.get(request.url ?? '')?.shift();
    await write(response, cut === undefined ? body : body.subarray(0, cut), behaviour);
    if (cut === undefined) response.end();
    else response.socket?.end(() => response.destroy()); // what was written still arrives
  }
}

function rangeStart(request: IncomingMessage, behaviour: PathBehaviour, etag: string): number | undefined {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  if (!match || behaviour.ranges === false) return undefined;
  const ifRange = request.headers['if-range'];
  return ifRange === undefined || ifRange === etag ? Number(match[1]) : undefined;
}

async function write(response: ServerResponse, body: Uint8Array, { slow }: PathBehaviour): Promise<void> {
  const chunk = slow?.chunk ?? 64 * 1024;
  for (let at = 0; at < body.length; at += chunk) {
    if (slow) await pause(slow.delayMs);
    const piece = body.subarray(at, at + chunk);
    await new Promise<void>((resolve, reject) => response.write(piece, (error) => (error ? reject(error) : resolve())));
  }
}
