import type { GuestSession } from '@goqemu/guest';

/** One session for each machine, opened with its first step and closed with the backend. */
export class OpenSessions implements AsyncDisposable {
  readonly #sessions = new Map<string, Promise<GuestSession>>();

  /** @param machine path of its folder */
  of(machine: string, open: () => Promise<GuestSession>): Promise<GuestSession> {
    const present = this.#sessions.get(machine);
    if (present) return present;
    const opened = open();
    this.#sessions.set(machine, opened);
    return opened;
  }

  async close(machine: string): Promise<void> {
    const session = await this.#sessions.get(machine);
    this.#sessions.delete(machine);
    await session?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = await Promise.all(this.#sessions.values());
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.close()));
  }
}
