/** The part of a listr2 task that an operation writes to. */
export interface TaskHandle {
  retitle(title: string): void;
  say(text: string): void;
  skip(reason: string): void;
}

type Ending =
  | { readonly how: 'done'; readonly suffix: string }
  | { readonly how: 'failed'; readonly why: string }
  | { readonly how: 'skipped'; readonly why: string };

/**
 * One line of the list. The engine's events and listr2's calls come in any order: an operation can have ended
 * before the list gets to it.
 */
export class OperationTask {
  readonly title: string;
  /** What it waits for until it begins. */
  readonly #waits: () => string | undefined;
  readonly #ended: Promise<Ending>;
  #end: (ending: Ending) => void = () => undefined;
  #handle: TaskHandle | undefined;
  #last: string | undefined;
  #waiting = true;

  constructor(title: string, waits: () => string | undefined = () => undefined) {
    this.title = title;
    this.#waits = waits;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Called by the list when it gets here; settles when the operation has ended. */
  async run(handle: TaskHandle): Promise<void> {
    this.#handle = handle;
    const now = (this.#waiting ? this.#waits() : undefined) ?? this.#last;
    if (now !== undefined) handle.say(now);
    const ending = await this.#ended;
    if (ending.how === 'failed') throw new Error(ending.why);
    if (ending.how === 'skipped') handle.skip(`${this.title}: ${ending.why}`);
    else if (ending.suffix) handle.retitle(`${this.title}${ending.suffix}`);
  }

  begin(): void {
    this.#waiting = false;
    this.#handle?.say('');
  }

  /** What it waits for may have changed. */
  wait(): void {
    const text = this.#waiting ? this.#waits() : undefined;
    if (text !== undefined) this.#handle?.say(text);
  }

  say(text: string): void {
    this.#last = text;
    this.#handle?.say(text);
  }

  finish(suffix: string): void {
    this.#settle({ how: 'done', suffix });
  }

  fail(why: string): void {
    this.#settle({ how: 'failed', why });
  }

  skip(why: string): void {
    this.#settle({ how: 'skipped', why });
  }

  #settle(ending: Ending): void {
    this.#waiting = false;
    this.#end(ending);
  }
}
