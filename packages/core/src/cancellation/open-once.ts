/** What can be opened is opened at its first use and shared from then on: one session for each machine. */
export class OpenOnce<T extends { close(): Promise<void> | void }> implements AsyncDisposable {
  readonly #open = new Map<string, Promise<T>>();

  /** An opening that failed is reported to everyone who awaited it and then forgotten: the next use tries again. */
  of(name: string, open: () => Promise<T>): Promise<T> {
    const present = this.#open.get(name);
    if (present) return present;
    const opening = open();
    this.#open.set(name, opening);
    opening.catch(() => {
      if (this.#open.get(name) === opening) this.#open.delete(name);
    });
    return opening;
  }

  async close(name: string): Promise<void> {
    const opening = this.#open.get(name);
    this.#open.delete(name);
    // A failed opening was reported to those who asked for it and left nothing to close.
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.close(name)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.closeAll();
  }
}
