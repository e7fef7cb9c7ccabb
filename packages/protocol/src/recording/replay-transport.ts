import { isDeepStrictEqual } from 'node:util';
import { GoqemuError } from '@goqemu/core';
import { LineSplitter } from '../framing/line-splitter.ts';
import { parseMessage, type WireMessage } from '../framing/message.ts';
import type { Transport, TransportEnd } from '../transports/transport.ts';
import type { RecordedLine } from './recorded-line.ts';

/**
 * A session played back: what the server said comes when the client has said what it had said before. Ids are those
 * of the new client. A client that says something else ends the session with `replay-mismatch`.
 */
export function replaySession(recording: readonly RecordedLine[]): Transport {
  return new ReplayTransport(recording);
}

class ReplayTransport implements Transport {
  readonly peer = 'a recording';
  readonly closed: Promise<TransportEnd>;
  readonly #lines: readonly RecordedLine[];
  readonly #splitter = new LineSplitter((line) => this.#said(line));
  /** The ids of this client by those of the recorded one; a lone command has none. */
  readonly #ids = new Map<unknown, unknown>();
  readonly #syncIds = new Map<unknown, unknown>();
  #at = 0;
  #receiver: ((bytes: Buffer) => void) | undefined;
  #paused = false;
  #over = false;
  #end: (end: TransportEnd) => void = () => undefined;

  constructor(recording: readonly RecordedLine[]) {
    this.#lines = recording;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onBytes(receiver: (bytes: Buffer) => void): void {
    this.#receiver = receiver;
    this.#play();
  }

  write(bytes: string | Uint8Array): void {
    if (!this.#over) this.#splitter.push(Buffer.from(bytes as Uint8Array));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#play();
  }

  close(): Promise<void> {
    this.#finish({});
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Later in the same turn at the earliest, as over a socket. */
  #play(): void {
    setImmediate(() => {
      for (let next = this.#lines[this.#at]; next; next = this.#lines[this.#at]) {
        if (this.#paused || this.#over || next.from === 'client') return;
        this.#at += 1;
        this.#receiver?.(Buffer.from(`${this.#renamed(next.line)}\n`, 'latin1'));
      }
    });
  }

  #said(line: Buffer): void {
    const recorded = this.#lines[this.#at];
    const now = commandOf(line);
    const then = recorded && commandOf(Buffer.from(recorded.line, 'latin1'));
    if (this.#over || recorded?.from !== 'client' || !then || !now || !sameCommand(then, now)) {
      this.#finish({ error: mismatchError(line, recorded, this.#at) });
      return;
    }
    this.#ids.set(then.id, now.id);
    if (isSync(then)) this.#syncIds.set(syncId(then), syncId(now));
    this.#at += 1;
    this.#play();
  }

  #renamed(line: string): string {
    const mark = line.lastIndexOf('\xff') + 1;
    const message = parseMessage(Buffer.from(line.slice(mark), 'latin1'));
    if (typeof message !== 'object') return line;
    const isReply = ('return' in message || 'error' in message) && this.#ids.has(message.id);
    const isSyncReply = mark > 0 && this.#syncIds.has(message.return);
    if (!isReply && !isSyncReply) return line;
    const renamed = {
      ...message,
      ...(isReply ? { id: this.#ids.get(message.id) } : {}),
      ...(isSyncReply ? { return: this.#syncIds.get(message.return) } : {}),
    };
    return line.slice(0, mark) + Buffer.from(JSON.stringify(renamed)).toString('latin1');
  }

  #finish(end: TransportEnd): void {
    this.#over = true;
    this.#end(end);
  }
}

/** The command in a line, past the 0xFF that may come before it. */
function commandOf(line: Buffer): WireMessage | undefined {
  const message = parseMessage(line.subarray(line.lastIndexOf(0xff) + 1));
  return typeof message === 'object' ? message : undefined;
}

function sameCommand(recorded: WireMessage, now: WireMessage): boolean {
  const sameName = recorded.execute === now.execute && recorded['exec-oob'] === now['exec-oob'];
  return sameName && (isSync(recorded) || isDeepStrictEqual(recorded.arguments, now.arguments));
}

function isSync(message: WireMessage): boolean {
  return message.execute === 'guest-sync-delimited';
}

function syncId(message: WireMessage): unknown {
  return (message.arguments as { id?: unknown } | undefined)?.id;
}

function mismatchError(line: Buffer, recorded: RecordedLine | undefined, at: number): GoqemuError {
  const expected = recorded?.from === 'client' ? recorded.line : 'nothing more from the client';
  return new GoqemuError({
    code: 'replay-mismatch',
    source: 'user',
    subject: `line ${at + 1}`,
    message: `the session differs from its recording at line ${at + 1}`,
    detail: `expected ${expected}\ngot ${line.toString('utf8')}`,
    hint: 'record it again',
    data: { line: at + 1 },
  });
}
