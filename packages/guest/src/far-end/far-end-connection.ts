import { errorMessage, type Unsubscribe } from '@goqemu/core';
import type { CommandClient, CommandConnection, CommandPipe, StartOptions } from '../session/command-connection.ts';
import { FarEndStream } from './far-end-stream.ts';
import { answer, encodeFrame, type Frame, FrameReader, garbled, maxPayload, request } from './frames.ts';
import type { PortLine } from './port-line.ts';

export interface FarEndOptions {
  /** As whom commands run. */
  readonly user: string;
  /** Milliseconds between signs of life that are asked for while a command runs. @default 10_000 */
  readonly keepaliveMs?: number;
  /** Signs of life that may stay unanswered. @default 3 */
  readonly keepaliveCount?: number;
}

const none = Buffer.alloc(0);
/** Longest name of a signal, and longest reason, that is taken from a guest. */
const maxWords = 1024;

/**
 * The host's side of a session with the program in the guest: many commands over one port. What comes from there is
 * checked before it counts; the first thing that is wrong ends the session, and so do lost signs of life.
 */
export class FarEndConnection implements CommandConnection, CommandClient {
  readonly title = 'the channel into the guest';
  readonly becomesUsers = true;
  readonly #line: PortLine;
  readonly #tag: Buffer;
  readonly #user: string;
  readonly #reader: FrameReader;
  readonly #streams = new Map<number, FarEndStream>();
  readonly #listeners = new Set<(reason: string) => void>();
  readonly #keepaliveMs: number;
  readonly #keepaliveCount: number;
  #last = 0;
  #unanswered = 0;
  #timer: NodeJS.Timeout | undefined;
  #broken: string | undefined;
  #idle: () => void = () => undefined;

  /** @param line a port at whose other end the guest has answered the greeting that the tag is of */
  constructor(line: PortLine, tag: Buffer, options: FarEndOptions) {
    this.#line = line;
    this.#tag = tag;
    this.#user = options.user;
    this.#keepaliveMs = options.keepaliveMs ?? 10_000;
    this.#keepaliveCount = options.keepaliveCount ?? 3;
    this.#reader = new FrameReader(tag, (frame) => this.#receive(frame));
    line.receive((bytes) => this.#read(bytes));
    void line.closed.then(() => this.close('the port was closed'));
  }

  get client(): CommandClient {
    return this;
  }

  get brokenBecause(): string | undefined {
    return this.#broken;
  }

  /** Whether no command runs over it. */
  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /** Called each time its last command has ended. */
  onIdle(listener: () => void): void {
    this.#idle = listener;
  }

  onBroken(listener: (reason: string) => void): Unsubscribe {
    if (this.#broken === undefined) this.#listeners.add(listener);
    else listener(this.#broken);
    return () => this.#listeners.delete(listener);
  }

  exec(command: string, { user }: StartOptions, done: (error: Error | undefined, pipe: CommandPipe) => void): void {
    const id = ++this.#last;
    const stream = new FarEndStream({
      send: (bytes) => this.#sendAll(id, bytes),
      endInput: () => this.#send(id, request.endOfInput),
      credit: (bytes) => this.#send(id, request.credit, number(bytes)),
      close: () => {
        this.#send(id, request.close);
        this.#forget(id);
      },
    });
    this.#streams.set(id, stream);
    if (user === undefined) this.#send(id, request.open, Buffer.concat([name(this.#user), Buffer.from(command)]));
    else this.#send(id, request.openAs, Buffer.concat([name(user), name(this.#user), Buffer.from(command)]));
    this.#watch();
    done(undefined, stream);
  }

  /** Ends the session; the guest then ends the commands that still run. Never fails. */
  close(reason: string): void {
    if (this.#broken !== undefined) return;
    this.#broken = reason;
    clearInterval(this.#timer);
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.broke();
    void this.#line.close();
  }

  /** Resolves when the port is free for its next user. */
  async released(): Promise<void> {
    await this.#line.closed;
  }

  #read(bytes: Buffer): void {
    if (this.#broken !== undefined) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.close(errorMessage(error));
    }
  }

  #receive({ stream: id, type, payload }: Frame): void {
    this.#unanswered = 0;
    const stream = this.#streams.get(id);
    if (type === answer.goodbye) this.close(words(payload) || 'the program in the guest was ended');
    else if (stream) this.#deliver(stream, id, type, payload);
    // One that was given up meanwhile may still have something under way.
    else if (type !== answer.pong && (id === 0 || id > this.#last)) throw garbled('a frame of a command never started');
  }

  #deliver(stream: FarEndStream, id: number, type: number, payload: Buffer): void {
    switch (type) {
      case answer.stdout:
        stream.receive('stdout', payload);
        break;
      case answer.stderr:
        stream.receive('stderr', payload);
        break;
      case answer.credit:
        stream.allow(payload.length === 4 ? payload.readUInt32BE() : Number.POSITIVE_INFINITY);
        break;
      case answer.started:
        stream.started(payload.length === 4 ? payload.readUInt32BE() : 0);
        break;
      case answer.exit:
        exited(stream, payload);
        break;
      case answer.refused:
        stream.receive('stderr', payload.subarray(0, maxWords));
        stream.exited(255, undefined);
        this.#finish(stream, id);
        break;
      case answer.closed:
        this.#finish(stream, id);
        break;
      default:
        throw garbled(`a frame of the unknown type ${type}`);
    }
  }

  #finish(stream: FarEndStream, id: number): void {
    this.#forget(id);
    stream.finished();
  }

  #forget(id: number): void {
    if (!this.#streams.delete(id) || this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#idle();
  }

  #sendAll(id: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += maxPayload)
      this.#send(id, request.input, bytes.subarray(at, at + maxPayload));
  }

  #send(stream: number, type: number, payload: Buffer = none): void {
    if (this.#broken === undefined) this.#line.write(encodeFrame(this.#tag, { stream, type, payload }));
  }

  /** A guest that was reset takes the program with it and says nothing. */
  #watch(): void {
    if (this.#timer) return;
    this.#unanswered = 0;
    this.#timer = setInterval(() => {
      if (++this.#unanswered > this.#keepaliveCount) this.close('the guest gave no sign of life');
      else this.#send(0, request.ping);
    }, this.#keepaliveMs);
    this.#timer.unref(); // the command that it watches keeps this process
  }
}

function exited(stream: FarEndStream, payload: Buffer): void {
  const code = payload[0];
  if (code === undefined) throw garbled('an end without an exit code');
  const signal = words(payload.subarray(1));
  if (!/^[A-Z0-9+-]{0,12}$/.test(signal)) throw garbled('an end by no signal that there is');
  if (signal === '') stream.exited(code, undefined);
  else stream.exited(null, `SIG${signal}`);
}

const words = (payload: Buffer) => payload.subarray(0, maxWords).toString('utf8');

function name(user: string): Buffer {
  const bytes = Buffer.from(user);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
