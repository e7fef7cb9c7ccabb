import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { resetSocket, sleep } from '@goqemu/core';
import { established, type OpenOptions, openSocket } from './open-socket.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/** A key that both sides hold (RFC 4279), as QEMU's `tls-creds-psk` object reads it from `keys.psk`. */
export interface PreSharedKey {
  /** The user name in `keys.psk`; QEMU's own default is `qemu`. */
  readonly identity: string;
  /** The key itself; `keys.psk` holds it in hexadecimal. */
  readonly key: Uint8Array;
}

/** These name the key on both sides and need no certificate; the first two are forward secret. */
const cipherSuites =
  'ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384:DHE-PSK-AES256-GCM-SHA384:PSK-AES256-GCM-SHA384';

/**
 * Connects over TCP with TLS and a pre-shared key: the way to a monitor where Unix sockets are not to be had
 * (QEMU docs/system/tls, “TLS Pre-Shared Keys”). A peer without the key is refused by both sides.
 */
export async function connectTlsPsk(
  host: string,
  port: number,
  psk: PreSharedKey,
  options: OpenOptions = {},
): Promise<Transport> {
  const peer = `${host}:${port} (TLS)`;
  const socket = await openSocket({ host, port, noDelay: true }, peer, options);
  const { connect: connectTls } = await import('node:tls'); // late: only hosts without Unix sockets need it
  const tls = connectTls({
    socket: wireOf(socket),
    ciphers: cipherSuites,
    // Node.js negotiates pre-shared keys of this kind in TLS 1.2 only.
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk: Buffer.from(psk.key), identity: psk.identity }),
    // The key proves who the peer is: there is no certificate whose name could be checked.
    checkServerIdentity: () => undefined,
  });
  tls.pause();
  return new TlsTransport(await established(tls, 'secureConnect', peer, options), socket, peer);
}

/** A connection as a stream of bytes, so that it stays one that can be reset: TLS takes a socket's own handle for itself. */
function wireOf(socket: Socket): Duplex {
  const wire = new Duplex({
    read: () => void socket.resume(),
    write: (bytes, _encoding, done) => void socket.write(bytes, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes) => {
    if (!wire.push(bytes)) socket.pause();
  });
  socket.once('end', () => wire.push(null));
  socket.once('error', (error) => wire.destroy(error));
  socket.once('close', () => wire.destroy());
  return wire;
}

/** Milliseconds that a peer has to take what is still unsent. */
const lingerMs = 1_000;

/**
 * Sends each byte in a record of its own until it is known that the peer takes more. QEMU's monitor takes one byte at a time
 * from its connection, and older ones forget what is left of a TLS record until the next one comes (7.2 does, and never
 * answers; 10.0 does not). A command has some hundred bytes, and each record is a call of the system for both sides.
 */
class TlsTransport extends StreamTransport {
  readonly #socket: TLSSocket;
  readonly #tcp: Socket;
  readonly #writev: unknown;

  constructor(socket: TLSSocket, tcp: Socket, peer: string) {
    super(socket, peer);
    this.#socket = socket;
    this.#tcp = tcp;
    this.#writev = Reflect.get(socket, '_writev');
    // Without it, the socket writes what has queued up one by one, instead of all as one.
    Object.assign(socket, { _writev: null });
  }

  override write(bytes: string | Uint8Array): void {
    if (!this.#socket.writable) return;
    const all = Buffer.from(bytes as Uint8Array);
    const step = this.#isWhole ? all.length : 1;
    for (let at = 0; at < all.length; at += step) this.#socket.write(all.subarray(at, at + step));
  }

  /**
   * Ends it by a reset, once all is sent. A port of a guest that reads nothing is not read by QEMU either: it would never see
   * an end in order (FIN), and the next client of the port would wait for ever.
   */
  override async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket.closed) {
      socket.resume();
      const deadline = performance.now() + lingerMs;
      while (socket.writableLength > 0 && !socket.destroyed && performance.now() < deadline) await sleep(5);
      resetSocket(this.#tcp);
      socket.destroy();
    }
    await this.closed;
  }

  #isWhole = false;

  /** What has queued up by then is still written one by one. */
  sendWhole(): void {
    this.#isWhole = true;
    if (this.#socket.writableLength === 0) Object.assign(this.#socket, { _writev: this.#writev });
  }
}
