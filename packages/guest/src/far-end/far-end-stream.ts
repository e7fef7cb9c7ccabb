import { Duplex, Readable } from 'node:stream';
import { garbled, streamWindow } from './frames.ts';

/** What a stream asks of the connection that it is on. */
export interface StreamPort {
  send(bytes: Buffer): void;
  endInput(): void;
  credit(bytes: number): void;
  close(): void;
}

/** Bytes that have been taken are reported in lots: one report costs a frame. */
const creditLot = streamWindow / 4;

/** Greatest process id of Linux (PID_MAX_LIMIT). */
const maxPid = 2 ** 22;

/** One command of the guest: its input, its outputs, its end. It looks like a channel of ssh2, which its users know. */
export class FarEndStream extends Duplex {
  readonly stderr: Readable;
  readonly #port: StreamPort;
  /** What may still be sent. */
  #allowance = streamWindow;
  /** What the guest may still send. */
  #expected = streamWindow;
  #untold = 0;
  #unread = { stdout: 0, stderr: 0 };
  #waiting: { chunk: Buffer; done: () => void } | undefined;
  #over = false;

  constructor(port: StreamPort) {
    super({ autoDestroy: false, highWaterMark: streamWindow });
    this.#port = port;
    this.stderr = new Readable({ autoDestroy: false, highWaterMark: streamWindow, read: () => this.#taken('stderr') });
  }

  /** Output of the command. @throws GoqemuError `far-end-garbled` when it is more than the guest was allowed to send */
  receive(name: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#expected -= bytes.length;
    if (this.#expected < 0) throw garbled('more output than it was asked for');
    if (this.#over) return;
    const kept = Buffer.from(bytes);
    const wantsMore = (name === 'stdout' ? this : this.stderr).push(kept);
    this.#unread[name] += bytes.length;
    if (wantsMore) this.#taken(name);
  }

  /** The guest has taken some of the input. */
  allow(bytes: number): void {
    this.#allowance += bytes;
    if (this.#allowance > streamWindow) throw garbled('room for more input than it was sent');
    this.#pump();
  }

  /** Its process, which leads a group of its own. @throws GoqemuError `far-end-garbled` for what is no process of a command */
  started(pid: number): void {
    if (pid < 2 || pid > maxPid) throw garbled('a process that there cannot be');
    this.emit('started', { group: pid, pid });
  }

  /** The command has ended; `close` follows its last output. */
  exited(exitCode: number | null, signal: string | undefined): void {
    this.emit('exit', exitCode, signal);
  }

  /** No more output will come. */
  finished(): void {
    this.#over = true;
    this.push(null);
    this.stderr.push(null);
    this.#drop();
    void this.#whenRead();
  }

  /** The connection is gone. */
  broke(): void {
    this.#over = true;
    this.#drop();
    this.stderr.destroy();
    this.destroy();
  }

  /** Ends it on this side; what runs in the guest is not ended by that. */
  close(): void {
    if (!this.#over) this.#port.close();
    this.broke();
  }

  override _read(): void {
    this.#taken('stdout');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#waiting = { chunk, done };
    this.#pump();
  }

  override _final(done: () => void): void {
    if (!this.#over) this.#port.endInput();
    done();
  }

  #pump(): void {
    const { chunk, done } = this.#waiting ?? {};
    if (!chunk || !done) return;
    const now = chunk.subarray(0, Math.max(0, this.#allowance));
    if (now.length > 0) this.#port.send(now);
    this.#allowance -= now.length;
    if (now.length < chunk.length) {
      this.#waiting = { chunk: chunk.subarray(now.length), done };
      return;
    }
    this.#waiting = undefined;
    done();
  }

  /** A command that is over takes no more input. */
  #drop(): void {
    const done = this.#waiting?.done;
    this.#waiting = undefined;
    done?.();
  }

  #taken(name: 'stdout' | 'stderr'): void {
    const bytes = this.#unread[name];
    this.#unread[name] = 0;
    this.#report(bytes);
  }

  #report(bytes: number): void {
    this.#untold += bytes;
    if (this.#over || this.#untold < creditLot) return;
    this.#expected += this.#untold;
    this.#port.credit(this.#untold);
    this.#untold = 0;
  }

  async #whenRead(): Promise<void> {
    for (const stream of [this, this.stderr] as const)
      if (!stream.readableEnded && !stream.destroyed) await new Promise((resolve) => stream.once('end', resolve));
    this.destroy();
  }
}
