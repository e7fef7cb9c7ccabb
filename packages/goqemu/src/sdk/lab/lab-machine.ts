import type { PowerVerb } from '@goqemu/lab';
import { SessionGuest } from '../guest/session-guest.ts';
import type { LabGuests } from './lab-guests.ts';
import type { PowerMachineOptions } from './lab-options.ts';

/** Changes the machine's power. */
type MachinePower = (verb: PowerVerb, options: PowerMachineOptions) => Promise<void>;

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
  readonly #power: MachinePower;

  /** @internal */
  constructor(name: string, guests: LabGuests, power: MachinePower) {
    super(guests.access(name));
    this.name = name;
    this.#guests = guests;
    this.#power = power;
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

  /** Shuts the guest down, as {@link RunningLab.stop} does. */
  stop(options: PowerMachineOptions = {}): Promise<void> {
    return this.#power('stop', options);
  }

  /** Starts the machine where it does not run, as {@link RunningLab.start} does. */
  start(options: PowerMachineOptions = {}): Promise<void> {
    return this.#power('start', options);
  }

  /** Stops and starts the machine, as {@link RunningLab.restart} does. */
  restart(options: PowerMachineOptions = {}): Promise<void> {
    return this.#power('restart', options);
  }

  /** Keeps the RAM of the machine on the disk and ends it, as {@link RunningLab.suspend} does. */
  suspend(options: PowerMachineOptions = {}): Promise<void> {
    return this.#power('suspend', options);
  }

  /** Takes the machine on where it is suspended or paused, as {@link RunningLab.resume} does. */
  resume(options: PowerMachineOptions = {}): Promise<void> {
    return this.#power('resume', options);
  }
}
