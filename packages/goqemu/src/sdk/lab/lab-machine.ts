import type { ForwardChange, PowerVerb } from '@goqemu/lab';
import { type HostPort, hostPortOf } from '@goqemu/spec';
import { type AddedForward, readAddedForward } from '../added-forward.ts';
import { SessionGuest } from '../guest/session-guest.ts';
import type { LabGuests } from './lab-guests.ts';
import type { PowerMachineOptions } from './lab-options.ts';

/** What changes the machine. */
interface MachineVerbs {
  power(verb: PowerVerb, options: PowerMachineOptions): Promise<void>;
  forward(change: Omit<ForwardChange, 'machine'>, options: PowerMachineOptions): Promise<void>;
}

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
  readonly #verbs: MachineVerbs;

  /** @internal */
  constructor(name: string, guests: LabGuests, verbs: MachineVerbs) {
    super(guests.access(name));
    this.name = name;
    this.#guests = guests;
    this.#verbs = verbs;
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

  /**
   * Forwards a port of 127.0.0.1 to a port of the guest, without a restart and beside those of the lab. It stays until
   * {@link LabMachine.removeForward}, or until the machine is deleted.
   *
   * @returns the port of 127.0.0.1
   * @throws GoqemuError `port-taken`, `forward-refused`, `machine-unknown`, `locked`, `option-invalid`
   * @example
   * const port = await lab.machine('web').addForward({ guest: 80 });
   */
  async addForward(forward: AddedForward, options: PowerMachineOptions = {}): Promise<number> {
    const { protocol, guest, host } = readAddedForward(forward);
    const before = await this.#ports();
    await this.#verbs.forward({ add: { ...protocol, guest, host } }, options);
    const after = await this.#ports();
    const found = after.find(
      (one) =>
        one.guest === guest &&
        one.protocol === protocol.protocol &&
        (host === 0 ? !before.some((other) => hostPortOf(other) === hostPortOf(one)) : one.host === host),
    );
    return found?.host ?? host;
  }

  /**
   * Takes a forward away that was added with {@link LabMachine.addForward} or `goqemu forward`; connections that were
   * made through it stay.
   *
   * @throws GoqemuError `forward-missing`, `forward-refused` for one of the lab, `machine-unknown`, `locked`
   */
  async removeForward(port: HostPort, options: PowerMachineOptions = {}): Promise<void> {
    await this.#verbs.forward({ remove: port }, options);
  }

  async #ports() {
    return Object.values((await this.#guests.find(this.name)).spec.forwards);
  }

  /** Shuts the guest down, as {@link RunningLab.stop} does. */
  stop(options: PowerMachineOptions = {}): Promise<void> {
    return this.#verbs.power('stop', options);
  }

  /** Starts the machine where it does not run, as {@link RunningLab.start} does. */
  start(options: PowerMachineOptions = {}): Promise<void> {
    return this.#verbs.power('start', options);
  }

  /** Stops and starts the machine, as {@link RunningLab.restart} does. */
  restart(options: PowerMachineOptions = {}): Promise<void> {
    return this.#verbs.power('restart', options);
  }

  /** Keeps the RAM of the machine on the disk and ends it, as {@link RunningLab.suspend} does. */
  suspend(options: PowerMachineOptions = {}): Promise<void> {
    return this.#verbs.power('suspend', options);
  }

  /** Takes the machine on where it is suspended or paused, as {@link RunningLab.resume} does. */
  resume(options: PowerMachineOptions = {}): Promise<void> {
    return this.#verbs.power('resume', options);
  }
}
