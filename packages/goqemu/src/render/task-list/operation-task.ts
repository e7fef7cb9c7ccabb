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
  readonly #ended: Promise<Ending>;
  #end: (ending: Ending) => void = () => undefined;
  #handle: TaskHandle | undefined;
  #last: string | undefined;

  constructor(title: string) {
    this.title = title;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Called by the list when it gets here; settles when the operation has ended. */
  async run(handle: TaskHandle): Promise<void> {
    this.#handle = handle;
    if (this.#last !== undefined) handle.say(this.#last);
    const ending = await this.#ended;
    if (ending.how === 'failed') throw new Error(ending.why);
    if (ending.how === 'skipped') handle.skip(`${this.title}: ${ending.why}`);
    else if (ending.suffix) handle.retitle(`${this.title}${ending.suffix}`);
  }

  say(text: string): void {
    this.#last = text;
    this.#handle?.say(text);
  }

  finish(suffix: string): void {
    this.#end({ how: 'done', suffix });
  }

  fail(why: string): void {
    this.#end({ how: 'failed', why });
  }

  skip(why: string): void {
    this.#end({ how: 'skipped', why });
  }
}
