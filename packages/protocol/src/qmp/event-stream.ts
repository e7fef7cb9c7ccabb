/** How an event stream holds the connection back while its reader is slow. */
export interface FlowControl {
  /** The stream is full: reading may stop. */
  full(): void;
  /** The stream has room again, or has ended. */
  drained(): void;
  /** The reader has gone. */
  left(): void;
}

/**
 * Events in order, for one reader. At `highWaterMark` it asks for the connection to be held back, so that a
 * slow reader costs bounded memory and loses nothing.
 */
export class EventStream<E> implements AsyncIterableIterator<E> {
  readonly #flow: FlowControl;
  readonly #highWaterMark: number;
  #events: E[] = [];
  #next = 0;
  #waiting: { resolve: (result: IteratorResult<E>) => void; reject: (error: unknown) => void }[] = [];
  #full = false;
  #end: { error?: Error } | undefined;

  constructor(flow: FlowControl, highWaterMark: number) {
    this.#flow = flow;
    this.#highWaterMark = highWaterMark;
  }

  push(event: E): void {
    if (this.#end) return;
    const reader = this.#waiting.shift();
    if (reader) {
      reader.resolve({ value: event, done: false });
      return;
    }
    this.#events.push(event);
    if (!this.#full && this.#events.length - this.#next >= this.#highWaterMark) {
      this.#full = true;
      this.#flow.full();
    }
  }

  /** What has arrived can still be read; after that the stream ends, with `error` when there is one. */
  finish(error?: Error): void {
    if (this.#end) return;
    this.#end = error ? { error } : {};
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    if (error) first?.reject(error);
    else first?.resolve({ value: undefined, done: true });
    for (const reader of others) reader.resolve({ value: undefined, done: true });
    if (first && error) this.#end = {};
  }

  next(): Promise<IteratorResult<E>> {
    if (this.#next < this.#events.length) return Promise.resolve({ value: this.#take(), done: false });
    if (!this.#end) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = {};
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  return(): Promise<IteratorResult<E>> {
    this.#events = [];
    this.#next = 0;
    this.finish();
    this.#relax();
    this.#flow.left();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): E {
    const event = this.#events[this.#next] as E;
    this.#next += 1;
    // Dropping the read half now and then keeps both reading and memory linear.
    if (this.#next >= 1024 || this.#next === this.#events.length) {
      this.#events = this.#events.slice(this.#next);
      this.#next = 0;
    }
    if (this.#full && this.#events.length - this.#next <= this.#highWaterMark / 2) this.#relax();
    return event;
  }

  #relax(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#flow.drained();
  }
}
