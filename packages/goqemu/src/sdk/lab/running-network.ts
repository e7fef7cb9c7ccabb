import type { LiveNetworkReport, LiveNetworks } from '@goqemu/lab';
import type { NetworkFaults } from '@goqemu/spec';
import { openCaptureFile } from '../../lab/write-capture.ts';

/** A capture that is being written; the end of its block ends it. */
export interface NetworkCapture extends AsyncDisposable {
  readonly file: string;
}

/** A machine of the lab, or its name. */
export type MachineOrName = string | { readonly name: string };

/**
 * A network of a lab while it runs: what passes in it, and what goes wrong. What is set here takes the place of what
 * `lab.ts` says until {@link RunningNetwork.heal}; it is not in the state, and a fork does not have it.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * const lan = lab.network('lan');
 * await lan.partition(['db-1'], ['db-2', 'db-3']);
 * await lan.heal();
 */
export class RunningNetwork {
  /** As the lab names it. */
  readonly name: string;
  readonly #live: () => Promise<LiveNetworks>;

  /** @internal */
  constructor(name: string, live: () => Promise<LiveNetworks>) {
    this.name = name;
    this.#live = live;
  }

  /**
   * Its cards with their counters, and what goes wrong in it.
   *
   * @throws GoqemuError `network-unknown`, `network-down`
   */
  async report(): Promise<LiveNetworkReport> {
    return (await this.#live()).report(this.name);
  }

  /**
   * Sets all that goes wrong in it; `{}`: nothing.
   *
   * @throws GoqemuError `faults-invalid`, `network-unknown`, `network-down`
   * @example
   * await lab.network('lan').setFaults({ latency: 50, machines: { db: { from: { loss: 0.1 } } } });
   */
  async setFaults(faults: NetworkFaults): Promise<void> {
    await (await this.#live()).setFaults(this.name, faults);
  }

  /**
   * Splits it into groups of machines that reach only each other, with its other faults as they are. Each group is a machine
   * or a list of them. Machines in no group are one more; no groups end the partition.
   *
   * @throws as `setFaults`
   * @example
   * await lab.network('lan').partition('web', ['db', 'cache']);
   */
  async partition(...groups: readonly (MachineOrName | readonly MachineOrName[])[]): Promise<void> {
    const names = groups.map((group) => (isList(group) ? group : [group]).map(nameOf));
    await (await this.#live()).partition(this.name, names);
  }

  /** Takes the cable of a machine out of it. @throws as `setFaults` */
  async unplug(machine: MachineOrName): Promise<void> {
    await (await this.#live()).setCable(this.name, nameOf(machine), false);
  }

  /** Puts the cable of a machine back in. @throws as `setFaults` */
  async plug(machine: MachineOrName): Promise<void> {
    await (await this.#live()).setCable(this.name, nameOf(machine), true);
  }

  /** What `lab.ts` says of its faults applies again. @throws GoqemuError `network-unknown`, `network-down` */
  async heal(): Promise<void> {
    await (await this.#live()).setFaults(this.name, null);
  }

  /**
   * Writes its frames to a new file, in pcapng, each frame once where it enters the network, until the end of the block.
   *
   * @throws GoqemuError `capture-failed`, `network-unknown`, `network-down`
   * @example
   * await using capture = await lab.network('lan').capture('lan.pcapng');
   */
  async capture(file: string): Promise<NetworkCapture> {
    const frames = await (await this.#live()).capture(this.name);
    const output = await openCaptureFile(file, frames);
    const end = new AbortController();
    const written = output.write(end.signal);
    written.catch(() => undefined); // reported at the end of the block
    return {
      file,
      [Symbol.asyncDispose]: async () => {
        end.abort();
        try {
          await written;
        } finally {
          await output[Symbol.asyncDispose]();
        }
      },
    };
  }
}

function isList(group: MachineOrName | readonly MachineOrName[]): group is readonly MachineOrName[] {
  return Array.isArray(group);
}

function nameOf(machine: MachineOrName): string {
  return typeof machine === 'string' ? machine : machine.name;
}
