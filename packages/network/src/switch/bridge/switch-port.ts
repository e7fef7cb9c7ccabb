import type { FaultLine } from '../faults/fault-line.ts';
import { type PortCounters, portCounters } from './counters.ts';
import { StormGuard } from './storm-guard.ts';

/** Where the frames for a port go: to a card's QEMU, or to the switch's own gateway. */
export interface Outlet {
  readonly isConnected: boolean;
  /** Takes frames that lie one after another, with their lengths, and copies what it keeps; returns how many it dropped. */
  send(source: number, bytes: Buffer, start: number, end: number): number;
  /** What was sent is to leave now. */
  flush(): void;
}

/** From here on, sides of ports that are held: each is alone on its own. */
export const heldSide = 1_000_000;

/** One socket of a switch: what is connected, what was counted, and what goes wrong on its cable. */
export class SwitchPort {
  readonly number: number;
  /** `machine:card`, or `gateway`. */
  readonly name: string;
  readonly outlet: Outlet;
  readonly counters: PortCounters = portCounters();
  readonly guard = new StormGuard();
  /** Faults on the way from the machine and to it. */
  fromMachine: FaultLine | undefined;
  toMachine: FaultLine | undefined;
  hasCable = true;
  /** Its side of a partition; ports of different sides do not reach each other. -1: it reaches all. */
  side = 0;
  /** True while frames were sent to it that have not been flushed. */
  isDirty = false;

  constructor(number: number, name: string, outlet: Outlet) {
    this.number = number;
    this.name = name;
    this.outlet = outlet;
  }
}
