import type { SwitchNetwork } from '../bridge/switch-network.ts';
import type { SwitchPort } from '../bridge/switch-port.ts';
import type { Clock } from '../clock.ts';
import type { FaultsOfNetwork } from '../control/fault-settings.ts';
import { prefixBytes } from '../frames/frame-reader.ts';
import { FaultLine } from './fault-line.ts';
import { areNone, type LineFaults } from './faults.ts';
import { seededRandom } from './random.ts';

export interface FaultedPort {
  readonly port: SwitchPort;
  readonly machine: string;
  readonly network: SwitchNetwork;
}

type Direction = 'fromMachine' | 'toMachine';

/** Sets what goes wrong at the ports; a line whose faults are the same as before keeps the frames that it holds back. */
export class FaultControl {
  readonly #clock: Clock;
  /** What each line was made with. */
  readonly #made = new WeakMap<FaultLine, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param faultsOf of the network of that name */
  apply(faultsOf: (network: string) => FaultsOfNetwork, seed: number, ports: readonly FaultedPort[]): void {
    for (const faulted of ports) {
      const { port, machine, network } = faulted;
      const { partition, machines = {}, ...all } = faultsOf(network.name);
      const { from = {}, to, cable = true } = machines[machine] ?? {};
      port.hasCable = cable;
      port.side = sideOf(machine, partition);
      this.#setLine(faulted, 'fromMachine', from, seed);
      this.#setLine(faulted, 'toMachine', { ...all, ...to }, seed);
    }
  }

  #setLine(faulted: FaultedPort, direction: Direction, faults: LineFaults, seed: number): void {
    const { port, network } = faulted;
    const wanted = areNone(faults) ? undefined : JSON.stringify([seed, network.name, faults]);
    const present = port[direction];
    if (wanted === (present && this.#made.get(present))) return;
    const line = wanted === undefined ? undefined : this.#line(faulted, direction, faults, seed);
    port[direction] = line;
    if (line && wanted !== undefined) this.#made.set(line, wanted);
    present?.close();
  }

  #line({ port, network }: FaultedPort, direction: Direction, faults: LineFaults, seed: number): FaultLine {
    return new FaultLine({
      faults,
      random: seededRandom(seed, port.name, direction),
      clock: this.#clock,
      counters: port.counters[direction],
      deliver:
        direction === 'fromMachine'
          ? (frame) => network.forward(port, frame, prefixBytes, frame.length)
          : (frame, source) => network.emit(source, port, frame),
      delivered: () => network.end(),
    });
  }
}

/** Machines of different groups do not reach each other; all that are in none are one more group. */
function sideOf(machine: string, partition: readonly (readonly string[])[] | undefined): number {
  if (!partition) return 0;
  return partition.findIndex((group) => group.includes(machine)) + 1;
}
