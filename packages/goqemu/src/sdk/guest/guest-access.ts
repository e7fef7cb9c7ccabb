import type { Logger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { ScreenAccess } from '../screen/screen-access.ts';
import type { GuestAddress } from './guest-address.ts';

/** Says why something broke, where that was not its connection's fault: the machine was stopped, or restored. */
export type Explain = (error: unknown) => Promise<unknown>;

/** What is done with the session of a running machine. */
export type SessionWork<T> = (session: GuestSession, explain: Explain) => Promise<T>;

/** The machine behind a guest: what {@link SessionGuest} needs of a VM, or of a machine of a lab. */
export interface GuestAccess {
  /** The machine's name in the log. */
  readonly title: string;
  readonly logger: Logger;
  /** Milliseconds that a command may run by default. */
  readonly commandMs: number;
  /**
   * Does something with the machine's session; what breaks is explained.
   *
   * @param what the call, as errors name it
   * @throws where the machine does not run
   */
  use<T>(what: string, work: SessionWork<T>, signal?: AbortSignal): Promise<T>;
  address(signal: AbortSignal | undefined): Promise<GuestAddress>;
  readonly screen: ScreenAccess;
}
