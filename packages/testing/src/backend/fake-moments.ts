import type { BackendCall } from '@goqemu/lab';
import type { FakeCall, FakeVerb } from './fake-call.ts';

/** How far a verb has come: nothing is done yet, half of it, or everything but to return. */
export type FakeMoment = 'before' | 'middle' | 'after';

/** Called at each moment of each verb: what it throws fails the verb there. */
export type FakeFault = (call: FakeCall, moment: FakeMoment) => void | Promise<void>;

/** Lists every call, and lets something go wrong at any moment of it. */
export class FakeMoments {
  readonly calls: FakeCall[] = [];
  readonly #fault: FakeFault | undefined;

  constructor(fault: FakeFault | undefined) {
    this.#fault = fault;
  }

  async reach(verb: FakeVerb, subject: string, moment: FakeMoment, call: BackendCall): Promise<void> {
    if (moment === 'before') this.calls.push({ verb, subject });
    call.signal.throwIfAborted();
    await this.#fault?.({ verb, subject }, moment);
  }
}
