import type { Transport, TransportEnd } from '@goqemu/protocol';

/** Milliseconds that a line is kept for its next user; others of this host wait that much longer for their turn. */
const keptMs = 1_000;

/** A line while it is in use; its end gives the line back. */
export interface LentLine extends Transport {
  /** Says when the line may be kept at the end: never, unless this is set. */
  keepWhen: (() => boolean) | undefined;
}

/**
 * The way to a port that serves one client at a time, kept for a moment when its user is done. An agent whose host has
 * left looks for the next one ten times a second (QEMU's qga/main.c, channel_event_cb), which is longer than a command
 * takes; and a guest that was cut with the line open waits for data, not for its next poll, when it continues.
 */
export class KeptLine {
  #idle: Line | undefined;
  #closing = false;
  #waiting = 0;

  /** The line that was kept, or a new one. */
  async lend(connect: () => Promise<Transport>): Promise<LentLine> {
    const kept = this.#idle;
    this.#idle = undefined;
    return this.#lent(kept?.taken() ?? (await this.#connected(connect)));
  }

  /** Opens the line for a user who is to come; does nothing when it is open. */
  async open(connect: () => Promise<Transport>): Promise<void> {
    if (this.#idle) return;
    this.#keep(await this.#connected(connect));
  }

  /** Ends the line that is kept; one that is in use ends with its user. */
  async close(): Promise<void> {
    this.#closing = true;
    const kept = this.#idle;
    this.#idle = undefined;
    await kept?.taken().transport.close();
  }

  async #connected(connect: () => Promise<Transport>): Promise<Line> {
    this.#waiting += 1;
    try {
      return new Line(await connect());
    } finally {
      this.#waiting -= 1;
    }
  }

  #keep(line: Line): void {
    line.transport.resume(); // its last user may have held it back
    this.#idle = line;
    line.keepFor(keptMs, () => {
      if (this.#idle === line) this.#idle = undefined;
      return line.transport.close();
    });
    void line.transport.closed.then(() => {
      if (this.#idle === line) this.#idle = undefined;
    });
  }

  #lent(line: Line): LentLine {
    const { transport } = line;
    let ended: ((end: TransportEnd) => void) | undefined;
    const closed = new Promise<TransportEnd>((resolve) => {
      ended = resolve;
    });
    void transport.closed.then((end) => ended?.(end));
    const close = async () => {
      if (!ended) return;
      line.receiver = undefined;
      const settle = ended;
      ended = undefined;
      // Who waits here for a turn waits for the end of the connection.
      if (lent.keepWhen?.() && !line.hasEnded && !this.#closing && this.#waiting === 0 && !this.#idle) this.#keep(line);
      else await transport.close();
      settle({});
    };
    const lent: LentLine = {
      keepWhen: undefined,
      peer: transport.peer,
      closed,
      close,
      onBytes: (receiver) => {
        line.receiver = receiver;
      },
      write: (bytes) => {
        if (ended) transport.write(bytes);
      },
      pause: () => transport.pause(),
      resume: () => transport.resume(),
      [Symbol.asyncDispose]: close,
    };
    return lent;
  }
}

/** A connection whose users come one after another; what arrives between users is dropped. */
class Line {
  readonly transport: Transport;
  receiver: ((bytes: Buffer) => void) | undefined;
  hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.onBytes((bytes) => this.receiver?.(bytes));
    void transport.closed.then(() => {
      this.hasEnded = true;
      clearTimeout(this.#timer);
    });
  }

  keepFor(milliseconds: number, end: () => Promise<void>): void {
    this.#timer = setTimeout(() => void end(), milliseconds);
  }

  taken(): this {
    clearTimeout(this.#timer);
    return this;
  }
}
