import { SessionGuest } from '../guest/session-guest.ts';
import type { LabGuests } from './lab-guests.ts';

/**
 * A machine of a lab. The lab need not be applied before the first call.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * await lab.machine('web').exec('systemctl restart nginx', { sudo: true, check: true });
 */
export class LabMachine extends SessionGuest {
  /** As the lab names it. */
  readonly name: string;
  readonly #guests: LabGuests;

  /** @internal */
  constructor(name: string, guests: LabGuests) {
    super(guests.access(name));
    this.name = name;
    this.#guests = guests;
  }

  /**
   * Ports of 127.0.0.1 by the names of `forward`; a fork has its own.
   *
   * @throws GoqemuError `machine-unknown`
   */
  async forwards(): Promise<Readonly<Record<string, number>>> {
    const { spec } = await this.#guests.find(this.name);
    return Object.fromEntries(Object.entries(spec.forwards).map(([name, { host }]) => [name, host]));
  }
}
