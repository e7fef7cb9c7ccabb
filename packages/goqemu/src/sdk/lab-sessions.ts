import type { GuestSession } from '@goqemu/guest';
import type { FoundMachine } from '@goqemu/lab';
import type { HostBackend } from '../host/host-backend.ts';

/** One SSH session for each machine of a lab, opened at its first use. */
export class LabSessions implements AsyncDisposable {
  readonly #backend: HostBackend;
  readonly #open = new Map<string, Promise<GuestSession>>();

  constructor(backend: HostBackend) {
    this.#backend = backend;
  }

  async session(name: string, find: () => Promise<FoundMachine>): Promise<GuestSession> {
    const present = this.#open.get(name);
    if (present) return present;
    const opening = find().then((found) => this.#backend.machine(found).openSession());
    this.#open.set(name, opening);
    opening.catch(() => this.#open.delete(name));
    return opening;
  }

  /** After machines were made, restored or moved to other ports a session leads nowhere. */
  async closeAll(): Promise<void> {
    const open = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const session of open) if (session.status === 'fulfilled') await session.value.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.closeAll();
  }
}
