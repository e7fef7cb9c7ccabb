import { type GoqemuError, TypedEmitter, type Unsubscribe } from '@goqemu/core';
import type { AnyQmpEvent, QmpEvent, QmpEventName } from './commands.ts';
import { EventStream } from './event-stream.ts';

/** How the hub rules the connection that its events come from. */
export interface HubFlow {
  hold(): void;
  release(): void;
  /** True while a command waits for its reply. */
  busy(): boolean;
}

/** Names are checked where they come in; a listener of `*` receives all. */
type ByName = { [event: string]: AnyQmpEvent };

/** Where the events of a connection go: to callbacks, to streams, and to waits for one of them. */
export class EventHub {
  readonly #flow: HubFlow;
  readonly #listeners = new TypedEmitter<ByName>();
  readonly #streams = new Set<EventStream<AnyQmpEvent>>();
  readonly #fullStreams = new Set<EventStream<AnyQmpEvent>>();
  readonly #waiters = new Set<(error: GoqemuError) => void>();
  #end: { readonly error?: GoqemuError } | undefined;
  #held = false;

  constructor(flow: HubFlow) {
    this.#flow = flow;
  }

  on<E extends QmpEventName>(event: E, listener: (event: QmpEvent<E>) => void): Unsubscribe {
    return this.#listeners.on(event, listener as unknown as (event: AnyQmpEvent) => void);
  }

  onAny(listener: (event: AnyQmpEvent) => void): Unsubscribe {
    return this.#listeners.on('*', listener);
  }

  stream(highWaterMark: number): EventStream<AnyQmpEvent> {
    const stream: EventStream<AnyQmpEvent> = new EventStream(
      {
        full: () => this.#change(() => this.#fullStreams.add(stream)),
        drained: () => this.#change(() => this.#fullStreams.delete(stream)),
        left: () => this.#streams.delete(stream),
      },
      highWaterMark,
    );
    if (this.#end) stream.finish(this.#end.error);
    else this.#streams.add(stream);
    return stream;
  }

  /**
   * Every event, for a wait that ends by one of them; the connection's end as well. Reading is not held back
   * meanwhile, however slow the reader of a stream is.
   */
  follow(listener: (event: AnyQmpEvent) => void, onEnd: (error: GoqemuError) => void): Unsubscribe {
    const leave = [this.onAny(listener), this.onEnd(onEnd)];
    return () => leave.forEach((off) => void off());
  }

  /** Calls back when the connection ends. Each wait for an event registers here: reading is not held back meanwhile. */
  onEnd(listener: (error: GoqemuError) => void): Unsubscribe {
    this.#change(() => this.#waiters.add(listener));
    return () => this.#change(() => this.#waiters.delete(listener));
  }

  dispatch(event: AnyQmpEvent): void {
    this.#listeners.emit(event.event, event);
    this.#listeners.emit('*', event);
    for (const stream of this.#streams) stream.push(event);
    this.regulate();
  }

  /** Holds reading back while a stream is full, but never while something waits for what may come. */
  regulate(): void {
    if (this.#fullStreams.size === 0 && !this.#held) return;
    const hold = this.#fullStreams.size > 0 && this.#waiters.size === 0 && !this.#flow.busy();
    if (hold === this.#held) return;
    this.#held = hold;
    if (hold) this.#flow.hold();
    else this.#flow.release();
  }

  /** @param wanted true when the connection was closed here, which is no error to a stream */
  finish(error: GoqemuError, wanted: boolean): void {
    this.#end = wanted ? {} : { error };
    for (const listener of [...this.#waiters]) listener(error);
    for (const stream of this.#streams) stream.finish(this.#end.error);
    this.#streams.clear();
  }

  #change(change: () => void): void {
    change();
    this.regulate();
  }
}
