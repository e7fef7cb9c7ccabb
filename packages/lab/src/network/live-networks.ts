import type { Readable } from 'node:stream';
import { GoqemuError } from '@goqemu/core';
import {
  areNoFaults,
  faultMistake,
  machinesOfFaults,
  type NetworkFaults,
  networkDown,
  withMachineNames,
} from '@goqemu/spec';
import type { Backend, BackendCall, CaptureOf, CardTraffic, NetworkView } from '../backend/backend.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import { suggestion } from '../evaluate/lab-error.ts';
import type { LabState } from '../state/lab-state.ts';
import { labelOf } from './network-members.ts';
import { type NetworkState, networkRows } from './network-state.ts';

/** A card in a network of a lab, and what passed it since it came there, or since the network came up. */
export interface CardReport {
  /** As the lab names it. */
  readonly machine: string;
  /** As the lab calls the card: by default the name of its network. */
  readonly card: string;
  readonly ip: string;
  readonly ip6?: string;
  readonly mac: string;
  /** Whether its machine is there to send and receive. */
  readonly isConnected: boolean;
  /** What the machine has sent. */
  readonly sent: CardTraffic;
  /** What it has received. */
  readonly received: CardTraffic;
}

/** A network of a lab as it runs now. */
export interface LiveNetworkReport {
  readonly name: string;
  readonly cidr: string;
  readonly state: 'running' | 'down';
  /** What goes wrong in it. */
  readonly faults: NetworkFaults;
  /** True: they were set while it runs, in the place of those of the lab. */
  readonly manual: boolean;
  readonly cards: readonly CardReport[];
  /** What its machines asked for outside and were refused, the newest first; 64 at most. */
  readonly refused: readonly RefusedReport[];
}

/** Something that a machine was refused: `deb.debian.org`, or `tcp 192.0.2.7:443`. */
export interface RefusedReport {
  /** As the lab names it. */
  readonly machine: string;
  readonly what: string;
  readonly why: string;
  readonly times: number;
  /** When it was refused last, as ISO 8601. */
  readonly at: string;
}

interface Stack {
  readonly backend: Backend;
  readonly state: LabState;
  readonly call: BackendCall;
}

/** The networks of a stack while they run: what passes in them, and what goes wrong. Nothing of it is in the state. */
export class LiveNetworks {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** All of them, by name. */
  async reports(): Promise<readonly LiveNetworkReport[]> {
    const rows = Object.values(networkRows(this.#stack.state));
    const views = rows.length === 0 ? [] : await this.#verb('viewNetworks')(this.#stack.call);
    return rows
      .map((row) =>
        reportOf(
          row,
          views.find(({ name }) => name === row.name),
        ),
      )
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @throws GoqemuError `network-unknown` */
  mustKnow(network: string): void {
    this.#row(network);
  }

  /**
   * What goes wrong in a network.
   *
   * @throws GoqemuError `network-unknown`, `network-down`
   */
  async report(network: string): Promise<LiveNetworkReport> {
    this.#row(network);
    const found = (await this.reports()).find(({ name }) => name === network);
    if (found?.state === 'running') return found;
    throw networkDown(network);
  }

  /**
   * Sets what goes wrong in a network, in the place of what the lab says; null makes the latter apply again.
   *
   * @throws GoqemuError `network-unknown`, `network-down`, `faults-invalid`
   */
  async setFaults(network: string, faults: NetworkFaults | null): Promise<void> {
    const { machines } = this.#row(network);
    if (faults) checkFaults(network, faults, machines.map(labelOf));
    const names = new Map(machines.map((machine) => [labelOf(machine), machine.name]));
    const its = faults && withMachineNames(faults, (label) => names.get(label));
    await this.#verb('setFaults')({ [network]: its }, this.#stack.call);
  }

  /** Splits a network, with its other faults as they are. @throws as {@link setFaults} */
  async partition(network: string, partition: readonly (readonly string[])[]): Promise<void> {
    const { faults } = await this.report(network);
    await this.setFaults(network, { ...faults, partition });
  }

  /** Takes the cable of a machine out, or puts it back in. @throws as {@link setFaults} */
  async setCable(network: string, machine: string, isIn: boolean): Promise<void> {
    const { faults } = await this.report(network);
    const { cable: _cable, ...rest } = faults.machines?.[machine] ?? {};
    const own = isIn ? rest : { ...rest, cable: false };
    await this.setFaults(network, { ...faults, machines: { ...faults.machines, [machine]: own } });
  }

  /**
   * Frames as they pass, in pcapng, until the stream is destroyed.
   *
   * @param name a network: each frame once, where it enters; or a machine: what it sends and receives
   * @throws GoqemuError `network-unknown`, `network-down`
   */
  async capture(name: string): Promise<Readable> {
    return this.#verb('captureFrames')(this.#captured(name), this.#stack.call);
  }

  #captured(name: string): CaptureOf {
    const rows = Object.values(networkRows(this.#stack.state));
    if (rows.some((row) => row.name === name)) return { network: name };
    const machine = rows.flatMap(({ machines }) => machines).find((one) => labelOf(one) === name);
    if (machine) return { machine: machine.name };
    throw unknown(name, [...rows.map((row) => row.name), ...rows.flatMap(({ machines }) => machines.map(labelOf))]);
  }

  #row(network: string): NetworkState {
    const rows = networkRows(this.#stack.state);
    const row = Object.hasOwn(rows, network) ? rows[network] : undefined;
    if (row) return row;
    throw unknown(network, Object.keys(rows));
  }

  #verb<Verb extends 'viewNetworks' | 'setFaults' | 'captureFrames'>(verb: Verb): NonNullable<Backend[Verb]> {
    const found = optionalVerb(this.#stack.backend, verb);
    if (found) return found as NonNullable<Backend[Verb]>;
    throw new GoqemuError({
      code: 'networks-unsupported',
      source: 'environment',
      message: `the backend ${this.#stack.backend.kind} has no networks`,
      hint: 'use a backend that has them: see "goqemu help backends"',
    });
  }
}

function reportOf({ name, spec, machines }: NetworkState, view: NetworkView | undefined): LiveNetworkReport {
  const labels = new Map(machines.map((machine) => [machine.name, labelOf(machine)]));
  const none: CardTraffic = { frames: 0, bytes: 0, dropped: {} };
  const cards = machines.flatMap((machine) =>
    machine.cards.map(({ slot, name: card, ip, ip6, mac }): CardReport => {
      const seen = view?.cards.find((one) => one.machine === machine.name && one.slot === slot);
      return {
        ...{ machine: labelOf(machine), card, ip, ...(ip6 === undefined ? {} : { ip6 }), mac },
        isConnected: seen?.isConnected ?? false,
        ...{ sent: seen?.fromMachine ?? none, received: seen?.toMachine ?? none },
      };
    }),
  );
  const faults = view ? withMachineNames(view.faults, (machine) => labels.get(machine)) : (spec.faults ?? {});
  return {
    ...{ name, cidr: spec.cidr, state: view ? 'running' : 'down' },
    ...{ faults: areNoFaults(faults) ? {} : faults, manual: view?.manual ?? false },
    refused: (view?.refusals ?? []).map(({ machine, at, ...rest }) => ({
      machine: labels.get(machine) ?? machine,
      ...rest,
      at: new Date(at).toISOString(),
    })),
    cards: cards.sort((one, other) => (one.machine < other.machine ? -1 : 1)),
  };
}

function checkFaults(network: string, faults: NetworkFaults, members: readonly string[]): void {
  const mistake = faultMistake(faults);
  const stranger = mistake ? undefined : machinesOfFaults(faults).find((machine) => !members.includes(machine));
  if (!mistake && stranger === undefined) return;
  throw new GoqemuError({
    code: 'faults-invalid',
    source: 'user',
    subject: network,
    message: mistake
      ? `${network}: ${mistake.at || 'faults'} must be ${mistake.expected}`
      : `${network}: ${JSON.stringify(stranger)} is not a machine in it`,
    hint: mistake ? 'for example { latency: 50, loss: 0.01 }' : suggestion(stranger ?? '', members),
  });
}

function unknown(name: string, known: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'network-unknown',
    source: 'user',
    subject: name,
    message: `nothing in the lab's networks is called "${name}"`,
    hint: known.length > 0 ? suggestion(name, [...new Set(known)]) : 'the lab has no network; apply it first',
  });
}
