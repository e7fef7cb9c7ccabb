import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '@goqemu/core';

interface Wire {
  readonly client: Socket;
  target: Socket | undefined;
}

/**
 * A TCP relay on loopback that misbehaves on demand, for setting in front of any server:
 *
 * - `cut()` resets every connection; new ones are let through.
 * - `freeze()` keeps connections open and passes nothing on, as a network that has gone; `thaw()` ends that.
 * - `answerAfterMs` keeps each new connection mute for that long, as an sshd does that is slow to start its session.
 * - `turnAway(line)` answers new connections with a line and closes them, as sshd does that lets an address in no more.
 * - `silence()` accepts connections and never answers, as QEMU's user network does before the guest has a server.
 * - `refuse()` stops listening; `accept()` puts things right again.
 * - `cutAfter(bytes)` resets the next connection on which the client has sent that much.
 * - `latencyMs` delays each piece of data, in both directions.
 */
export class FaultyLink implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  latencyMs = 0;
  /** Milliseconds until a connection reaches the server. */
  answerAfterMs = 0;
  /** Connections taken so far. */
  accepted = 0;
  readonly #targetPort: number;
  readonly #wires = new Set<Wire>();
  #server: Server | undefined;
  #silent = false;
  #lastLine: string | undefined;
  #frozen = false;
  #cutAfter = Number.POSITIVE_INFINITY;

  private constructor(targetPort: number, port: number, server: Server) {
    this.#targetPort = targetPort;
    this.port = port;
    this.#server = server;
    server.on('connection', (socket) => this.#take(socket));
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#wires.size;
  }

  static async to(targetPort: number): Promise<FaultyLink> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyLink(targetPort, (server.address() as AddressInfo).port, server);
  }

  cut(): void {
    for (const { client, target } of this.#wires) {
      resetSocket(client);
      target?.destroy();
    }
  }

  freeze(): void {
    this.#frozen = true;
    for (const { client, target } of this.#wires) {
      client.pause();
      target?.pause();
    }
  }

  thaw(): void {
    this.#frozen = false;
    for (const wire of this.#wires) {
      if (!wire.target) this.#join(wire);
      wire.client.resume();
      wire.target?.resume();
    }
  }

  silence(): void {
    this.#silent = true;
  }

  /** Undefined lets new connections through again. */
  turnAway(line: string | undefined): void {
    this.#lastLine = line;
  }

  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.close();
    this.cut();
    await once(server, 'close');
  }

  async accept(): Promise<void> {
    this.#silent = false;
    if (this.#server) return;
    this.#server = createServer((socket) => this.#take(socket)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  cutAfter(bytes: number): void {
    this.#cutAfter = bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }

  #take(client: Socket): void {
    this.accepted++;
    const wire: Wire = { client, target: undefined };
    this.#wires.add(wire);
    client.on('error', () => undefined); // `close` follows
    client.on('close', () => {
      this.#wires.delete(wire);
      wire.target?.destroy();
    });
    if (this.#lastLine !== undefined) client.resume().end(`${this.#lastLine}\r\n`);
    else if (this.#silent)
      client.resume(); // to see when it leaves
    else if (this.#frozen) return;
    else if (this.answerAfterMs > 0) this.#joinLater(wire);
    else this.#join(wire);
  }

  #joinLater(wire: Wire): void {
    const timer = setTimeout(() => this.#join(wire), this.answerAfterMs);
    wire.client.on('close', () => clearTimeout(timer));
  }

  #join(wire: Wire): void {
    const target = connect({ host: '127.0.0.1', port: this.#targetPort, noDelay: true });
    wire.target = target;
    wire.client.setNoDelay(true);
    target.on('error', () => undefined);
    target.on('close', () => wire.client.destroySoon());
    let sent = 0;
    relay(
      wire.client,
      target,
      () => this.latencyMs,
      (bytes) => {
        sent += bytes;
        if (sent <= this.#cutAfter) return true;
        this.#cutAfter = Number.POSITIVE_INFINITY;
        resetSocket(wire.client);
        return false;
      },
    );
    relay(
      target,
      wire.client,
      () => this.latencyMs,
      () => true,
    );
  }
}

function relay(from: Socket, to: Socket, latencyMs: () => number, pass: (bytes: number) => boolean): void {
  from.on('data', (chunk: Buffer) => {
    if (!pass(chunk.length)) return;
    const write = () => {
      if (!to.writable || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    if (latencyMs() > 0) setTimeout(write, latencyMs());
    else write();
  });
  from.on('end', () => setTimeout(() => to.end(), latencyMs()));
}
