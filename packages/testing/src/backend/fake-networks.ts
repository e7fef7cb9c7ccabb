import { PassThrough, type Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type {
  BackendCall,
  CaptureOf,
  CardCounters,
  NetworkConfiguration,
  NetworkView,
  ObservedNetwork,
  TakenRange,
} from '@goqemu/lab';
import { type NetworkFaults, networkDown, parseIpv4, parseIpv4Range } from '@goqemu/spec';
import { refused } from './fake-errors.ts';
import type { FakeHost, FakeSwitch } from './fake-host.ts';
import type { FakeMoments } from './fake-moments.ts';

/** What a backend does with networks: each stack has a switch, which is what it was configured with. */
export class FakeNetworks {
  readonly #host: FakeHost;
  readonly #moments: FakeMoments;

  constructor(host: FakeHost, moments: FakeMoments) {
    this.#host = host;
    this.#moments = moments;
  }

  async hostRoutes(call: BackendCall): Promise<readonly TakenRange[]> {
    await this.#moments.reach('hostRoutes', '', 'before', call);
    return this.#host.takenRanges;
  }

  async observe(call: BackendCall): Promise<ReadonlyMap<string, ObservedNetwork>> {
    await this.#moments.reach('observeNetworks', '', 'before', call);
    const found = this.#host.switches.get(stackOf(call));
    return new Map(found?.configuration.networks.map(({ name }) => [name, stateOf(found)]));
  }

  async apply(wanted: NetworkConfiguration, call: BackendCall): Promise<void> {
    await this.#moments.reach('applyNetworks', '', 'before', call);
    checkConfiguration(wanted);
    const id = stackOf(call);
    const before = this.#host.switches.get(id);
    const isSame = before?.status === 'running' && isDeepStrictEqual(before.configuration, wanted);
    const starts = (before?.starts ?? 0) + (before?.status === 'running' ? 0 : 1);
    const names = wanted.networks.map(({ name }) => name);
    const kept = Object.entries(before?.faults ?? {}).filter(([name]) => names.includes(name));
    const faults = Object.fromEntries(kept);
    if (!isSame) this.#host.switches.set(id, { configuration: wanted, status: 'half configured', starts, faults });
    await this.#moments.reach('applyNetworks', '', 'middle', call);
    this.#host.switches.set(id, { configuration: wanted, status: 'running', starts, faults });
    await this.#moments.reach('applyNetworks', '', 'after', call);
  }

  async view(call: BackendCall): Promise<readonly NetworkView[]> {
    await this.#moments.reach('viewNetworks', '', 'before', call);
    const its = this.#host.switches.get(stackOf(call));
    if (its?.status !== 'running') return [];
    return its.configuration.networks.map(({ name, faults = {} }) => ({
      name,
      faults: its.faults?.[name] ?? faults,
      manual: its.faults?.[name] !== undefined,
      refusals: [],
      cards: its.configuration.machines.flatMap((machine) =>
        machine.cards.filter(({ network }) => network === name).map(({ slot }) => this.#idle(machine.name, slot, call)),
      ),
    }));
  }

  async capture(of: CaptureOf, call: BackendCall): Promise<Readable> {
    await this.#moments.reach('captureFrames', 'network' in of ? of.network : of.machine, 'before', call);
    const { configuration } = this.#running(call);
    const isThere =
      'network' in of
        ? configuration.networks.some(({ name }) => name === of.network)
        : configuration.machines.some(({ name }) => name === of.machine);
    if (!isThere) throw networkDown('network' in of ? of.network : of.machine);
    const stream = new PassThrough();
    stream.write(emptyCapture);
    // A capture is a connection elsewhere: it keeps the process that reads it.
    const open = setInterval(() => undefined, 60_000);
    stream.once('close', () => clearInterval(open));
    return stream;
  }

  async setFaults(faults: Readonly<Record<string, NetworkFaults | null>>, call: BackendCall): Promise<void> {
    await this.#moments.reach('setFaults', Object.keys(faults).join(', '), 'before', call);
    const its = this.#running(call);
    const names = its.configuration.networks.map(({ name }) => name);
    const stranger = Object.keys(faults).find((name) => !names.includes(name));
    if (stranger !== undefined) throw networkDown(stranger);
    const set = Object.entries({ ...its.faults, ...faults }).filter(([, own]) => own !== null);
    this.#host.switches.set(stackOf(call), {
      ...its,
      faults: Object.fromEntries(set) as FakeSwitch['faults'] & object,
    });
  }

  /** A card of a fake sends nothing. */
  #idle(machine: string, slot: number, call: BackendCall): CardCounters {
    const none = { frames: 0, bytes: 0, dropped: {} };
    const { lab, stack, lineage } = call.scope;
    const status = this.#host.machines.get(`${lab}-${stack}-${lineage}/${machine}`)?.status;
    return { machine, slot, isConnected: status === 'running', fromMachine: none, toMachine: none };
  }

  #running(call: BackendCall): FakeSwitch {
    const its = this.#host.switches.get(stackOf(call));
    if (its?.status === 'running') return its;
    throw networkDown('');
  }

  async hold(machines: readonly string[], call: BackendCall): Promise<AsyncDisposable> {
    const id = stackOf(call);
    await this.#moments.reach('holdMachines', machines.join(', '), 'before', call);
    if (this.#host.switches.get(id)?.status !== 'running') throw refused('the networks', 'their switch does not run');
    const hold = new Set(machines);
    const holds = this.#host.held.get(id) ?? new Set();
    this.#host.held.set(id, holds.add(hold));
    return { [Symbol.asyncDispose]: async () => void holds.delete(hold) };
  }

  async stop(call: BackendCall): Promise<void> {
    const id = stackOf(call);
    await this.#moments.reach('stopNetworks', '', 'before', call);
    const running = [...this.#host.machines].filter(
      ([key, { status }]) => key.startsWith(`${id}/`) && status === 'running',
    );
    const its = this.#host.switches.get(id);
    const names = new Set(its?.configuration.machines.map(({ name }) => name));
    const used = running.find(([, { spec }]) => names.has(spec.name));
    if (used) throw refused('the networks', `${used[1].spec.name} runs in them`);
    if (its) its.status = 'stopped';
    await this.#moments.reach('stopNetworks', '', 'after', call);
  }

  async remove(call: BackendCall): Promise<void> {
    await this.#moments.reach('removeNetworks', '', 'before', call);
    const found = this.#host.switches.get(stackOf(call));
    if (found) found.status = 'dead';
    await this.#moments.reach('removeNetworks', '', 'middle', call);
    this.#host.switches.delete(stackOf(call));
    await this.#moments.reach('removeNetworks', '', 'after', call);
  }
}

function stateOf({ status }: FakeSwitch): ObservedNetwork {
  if (status === 'running') return { status };
  const reasons = { dead: 'its switch has died', stopped: 'its switch was stopped' };
  return { status: 'down', reason: status === 'half configured' ? 'its switch is not configured' : reasons[status] };
}

/** A file of pcapng without frames: a section header (draft-ietf-opsawg-pcapng). */
const emptyCapture = Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000', 'hex');

/** A switch takes no configuration that contradicts itself. */
function checkConfiguration({ networks, machines }: NetworkConfiguration): void {
  const cidrs = new Map(networks.map(({ name, cidr }) => [name, parseIpv4Range(cidr)]));
  if (networks.length === 0) throw refused('the networks', 'there are none');
  if (cidrs.size < networks.length) throw refused('the networks', 'two of them have the same name');
  const taken = new Set<string>();
  for (const { name, cards } of machines) {
    if (cards.length === 0) throw refused(name, 'it has no card in any network');
    for (const { network, slot, mac, ip } of cards) {
      const range = cidrs.get(network);
      const address = parseIpv4(ip) ?? 0;
      if (!range || address <= range.base + 1 || address >= range.base + range.size - 1)
        throw refused(name, `${ip} is not in ${network}`);
      for (const thing of [`${name} ${slot}`, `${network} ${ip}`, mac]) {
        if (taken.has(thing)) throw refused(name, `${thing} is given twice`);
        taken.add(thing);
      }
    }
  }
}

export function stackOf({ scope: { lab, stack, lineage } }: BackendCall): string {
  return `${lab}-${stack}-${lineage}`;
}
