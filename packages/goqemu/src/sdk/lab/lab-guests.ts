import { hasErrorCode, type Logger, OpenOnce, orAborted } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Backend, Engine, FoundMachine } from '@goqemu/lab';
import { reachProcess, runningMachine } from '../../lab/reach-machine.ts';
import { useDisplay } from '../../lab/use-display.ts';
import type { GuestAccess, SessionWork } from '../guest/guest-access.ts';
import { addressInGuest, findGuestAddress } from '../guest/guest-address.ts';
import { interrupted } from '../guest/interrupted.ts';

/** Milliseconds that a command may run by default. */
const commandMs = 10 * 60_000;

export interface LabGuestsOptions {
  readonly engine: Engine;
  readonly backend: Backend;
  readonly logger: Logger;
}

/** The guests of a lab: one session for each machine, opened when it is first used. */
export class LabGuests {
  readonly #options: LabGuestsOptions;
  readonly #sessions = new OpenOnce<GuestSession>();
  /** What happened to the machines whose sessions were closed. */
  #closedBecause = '';

  constructor(options: LabGuestsOptions) {
    this.#options = options;
  }

  /** How the guest of a machine is reached. */
  access(machine: string): GuestAccess {
    return {
      title: machine,
      logger: this.#options.logger,
      commandMs,
      use: (what, work, signal) => this.#use(machine, { what, work, signal }),
      screen: {
        use: async (_what, work, signal) =>
          useDisplay(await reachProcess(this.#options, machine, signal), work, signal),
      },
      address: async (signal) => {
        const { found, observed } = await runningMachine(this.#options, machine, signal);
        const mac = observed.mac ?? found.spec.identity.mac;
        return this.#use(machine, {
          what: 'the address',
          signal,
          work: (session) =>
            findGuestAddress(
              { title: titleOf(machine), mac, direct: false },
              [['forward', () => addressInGuest(session, mac, signal)]],
              signal,
            ),
        });
      },
    };
  }

  /** @throws GoqemuError `machine-unknown` */
  find(machine: string): Promise<FoundMachine> {
    return this.#options.engine.machine(machine);
  }

  /** Before some machines change: what is under way in them ends, and reports why. */
  async close(machines: readonly string[], why: string): Promise<void> {
    this.#closedBecause = why;
    await Promise.all(machines.map((machine) => this.#sessions.close(machine)));
  }

  /** Before the machines change: what is under way in them ends, and reports why. */
  async closeAll(why: string): Promise<void> {
    this.#closedBecause = why;
    await this.#sessions.closeAll();
  }

  async #use<T>(machine: string, { what, work, signal }: Use<T>): Promise<T> {
    const opening = this.#sessions.of(machine, async () => (await this.#reach(machine, signal)).openSession());
    const session = await orAborted(opening, signal);
    const explain = (error: unknown) => this.#explain(machine, what, { error, session });
    try {
      return await work(session, explain);
    } catch (error) {
      throw await explain(error);
    }
  }

  async #reach(machine: string, signal: AbortSignal | undefined) {
    return (await runningMachine(this.#options, machine, signal)).endpoints;
  }

  /** A session that was closed, or whose machine no longer runs, is not what matters to the caller. */
  async #explain(machine: string, what: string, broken: Broken): Promise<unknown> {
    const { error, session } = broken;
    if (hasErrorCode(error, 'session-closed')) return interrupted(titleOf(machine), what, this.#closedBecause, error);
    if (!hasErrorCode(error, 'connection-lost')) return error;
    try {
      await this.#reach(machine, undefined);
      return error;
    } catch (stopped) {
      if (!hasErrorCode(stopped, 'machine-not-running')) return error;
      await this.#sessions.close(machine); // the next use looks at the machine first
      await session.close();
      return interrupted(titleOf(machine), what, 'has ended', error);
    }
  }
}

interface Use<T> {
  readonly what: string;
  readonly work: SessionWork<T>;
  readonly signal: AbortSignal | undefined;
}

interface Broken {
  readonly error: unknown;
  readonly session: GuestSession;
}

function titleOf(machine: string): string {
  return `machine ${JSON.stringify(machine)}`;
}
