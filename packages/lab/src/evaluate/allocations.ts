import { lengthPrefixedDigest } from '@goqemu/core';
import { type HostPort, hostPortOf, type MachineIdentity, type NetworkSpec, type PortForward } from '@goqemu/spec';
import type { TakenRange } from '../backend/networks.ts';

/** What a machine was given before, by the name that the lab calls it. */
export interface RecordedAllocation {
  readonly identity: MachineIdentity;
  readonly forwards: Readonly<Record<string, Pick<PortForward, 'protocol' | 'host'>>>;
}

/** What evaluation takes from the state, so that a machine keeps what it was once given. */
export interface Allocations {
  readonly lineage: string;
  /**
   * Ports and ranges of addresses follow from it. The path of the state: the first plan then names the ports that an
   * apply after it gives.
   */
  readonly place: string;
  readonly machines: Readonly<Record<string, RecordedAllocation>>;
  /** Networks that have a range already. */
  readonly networks?: Readonly<Record<string, NetworkSpec>>;
  /** Ranges of addresses that are used for something else. */
  readonly takenRanges?: readonly TakenRange[];
  /** Numbers of host ports that another program listens on. */
  readonly avoid: ReadonlySet<number>;
  /**
   * For a fork, which runs beside its origin: the host ports that the lab names are that one's, and nothing in it is
   * protected or to be retained.
   */
  readonly isFork?: boolean;
}

const firstPort = 20_000;
const portCount = 10_000;

/**
 * Gives out addresses and ports: first what is recorded, else a value that follows from the name, so that neither the
 * order of machines nor additions move it. Ports follow from the place of the state too, and what a guest is known by
 * from the lineage.
 */
export class Allocator {
  readonly #allocations: Allocations;
  readonly #ports: Set<number>;
  readonly #macs: Set<string>;
  /** Host ports given out for the first time. */
  readonly fresh: HostPort[] = [];

  constructor(allocations: Allocations) {
    this.#allocations = allocations;
    const recorded = Object.values(allocations.machines);
    this.#ports = new Set(
      recorded.flatMap((one) => [one.identity.sshPort, ...Object.values(one.forwards).map((forward) => forward.host)]),
    );
    this.#macs = new Set(recorded.map((one) => one.identity.mac));
  }

  get isFork(): boolean {
    return this.#allocations.isFork === true;
  }

  identity(name: string, hostname: string | undefined, formerName: string | undefined): MachineIdentity {
    const recorded = this.recorded(name, formerName)?.identity;
    // Without a host name in the lab a machine keeps the one that it has, even when the lab has renamed it.
    if (recorded && (hostname === undefined || recorded.hostname === hostname)) return recorded;
    const host = hostname ?? name;
    return {
      hostname: host,
      instanceId: `i-${this.#digest('instance', name, host).slice(0, 17)}`,
      mac: recorded?.mac ?? this.#mac(name),
      machineId: recorded?.machineId ?? this.#digest('machine-id', name).slice(0, 32),
      sshPort: recorded?.sshPort ?? this.#port({}, 'ssh', name),
    };
  }

  forwardPort(
    name: string,
    formerName: string | undefined,
    forward: Pick<PortForward, 'protocol'> & { readonly name: string },
  ): number {
    const recorded = this.recorded(name, formerName)?.forwards[forward.name];
    if (recorded && recorded.protocol === forward.protocol) return recorded.host;
    return this.#port(forward, 'forward', name, forward.name);
  }

  /** What a machine was given before, and the name that it had then. */
  recorded(name: string, formerName: string | undefined): (RecordedAllocation & { readonly name: string }) | undefined {
    const { machines } = this.#allocations;
    const known = [name, formerName].find((one) => one !== undefined && Object.hasOwn(machines, one));
    const found = known === undefined ? undefined : machines[known];
    return known !== undefined && found ? { ...found, name: known } : undefined;
  }

  #port({ protocol }: Pick<PortForward, 'protocol'>, ...purpose: string[]): number {
    const digest = lengthPrefixedDigest(['goqemu-port', this.#allocations.place, ...purpose]);
    const start = Number.parseInt(digest.slice(0, 8), 16) % portCount;
    for (let step = 0; step < portCount; step++) {
      const port = firstPort + ((start + step) % portCount);
      if (this.#ports.has(port) || this.#allocations.avoid.has(port)) continue;
      this.#ports.add(port);
      this.fresh.push(hostPortOf({ ...(protocol ? { protocol } : {}), host: port }));
      return port;
    }
    throw new RangeError('every port from 20000 to 29999 is taken');
  }

  /** Locally administered, in the range that QEMU uses for its own (52:54:00). */
  #mac(name: string): string {
    for (let attempt = 0; ; attempt++) {
      const hex = this.#digest('mac', name, String(attempt));
      const mac = `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
      if (this.#macs.has(mac)) continue;
      this.#macs.add(mac);
      return mac;
    }
  }

  #digest(...purpose: string[]): string {
    return lengthPrefixedDigest(['goqemu-allocation', this.#allocations.lineage, ...purpose]);
  }
}
