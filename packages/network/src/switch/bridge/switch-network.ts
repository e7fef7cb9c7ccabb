import type { Clock } from '../clock.ts';
import { framingBytes, headerBytes, vlanOf } from '../frames/ethernet.ts';
import { prefixBytes } from '../frames/frame-reader.ts';
import type { DropReason } from './counters.ts';
import type { FrameObserver } from './frame-observer.ts';
import { MacTable, type MacTableOptions } from './mac-table.ts';
import { heldSide, type SwitchPort } from './switch-port.ts';

export interface SwitchNetworkOptions extends MacTableOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Bytes of payload that a frame may have. */
  mtu: number;
}

/**
 * One network of the switch, as a bridge of IEEE 802.1D without a spanning tree: it learns which station is behind which
 * port, per VLAN, and floods what is for all, for a group, or for a station that it does not know.
 *
 * Frames are handed on where they lie, in parameters by position: an object would be made for every frame. Those that lie one after another and go to the same port, as nearly all of a bulk
 * transfer do, are copied at once (a run).
 */
export class SwitchNetwork {
  readonly name: string;
  readonly table: MacTable;
  readonly observers = new Set<FrameObserver>();
  readonly #clock: Clock;
  readonly #ports = new Map<number, SwitchPort>();
  /** The same, to go through without allocating. */
  #all: SwitchPort[] = [];
  #dirty: SwitchPort[] = [];
  /** Seconds; looked at once for each piece that is read. */
  #now = 0;
  mtu: number;
  /** The network's own station, which no other one can take the place of. */
  #gateway: SwitchPort | undefined;
  #gatewayHigh = -1;
  #gatewayLow = -1;

  #runPort: SwitchPort | undefined;
  #runSource: SwitchPort | undefined;
  #runBytes: Buffer | undefined;
  #runStart = 0;
  #runEnd = 0;
  #runFrames = 0;
  /** Where the last frame of the run begins, when the next one may be judged by it; -1 when not. */
  #runLast = -1;

  constructor({ name, clock, mtu, ...table }: SwitchNetworkOptions) {
    this.name = name;
    this.mtu = mtu;
    this.#clock = clock;
    this.table = new MacTable(table);
  }

  get ports(): readonly SwitchPort[] {
    return this.#all;
  }

  add(port: SwitchPort): void {
    this.#ports.set(port.number, port);
    this.#all = [...this.#ports.values()];
  }

  /** Gives the network a station of its own, at this address. */
  setGateway(port: SwitchPort, mac: Buffer): void {
    this.#gateway = port;
    this.#gatewayHigh = mac.readUInt16BE(0);
    this.#gatewayLow = mac.readInt32BE(2);
    this.add(port);
  }

  remove(port: SwitchPort): void {
    this.#ports.delete(port.number);
    this.#all = [...this.#ports.values()];
    this.table.flush(port.number);
  }

  /** To be called before the frames of a piece. */
  begin(): void {
    this.#now = Math.floor(this.#clock.now() / 1000);
  }

  /** To be called after the frames of a piece: what was sent leaves. */
  end(): void {
    this.#endRun();
    while (this.#dirty.length > 0) {
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const port of dirty) {
        port.isDirty = false;
        port.outlet.flush();
      }
      this.#endRun(); // the gateway answers when it is flushed
    }
  }

  /**
   * Frames came from a port, as a `FrameListener` gets them: `at` is the first byte of the first, its length is in the 4
   * bytes before.
   */
  receive(port: SwitchPort, bytes: Buffer, at: number, end: number, frames = 1): void {
    const size = (end - at - (frames - 1) * prefixBytes) / frames;
    const counters = port.counters.fromMachine;
    counters.frames += frames;
    counters.bytes += frames * size;
    for (let left = frames, next = at; left > 0; left -= 1, next += size + prefixBytes) {
      if (
        this.#runEnd === next - prefixBytes &&
        this.#runBytes === bytes &&
        this.#runSource === port &&
        this.#isLikeLast(bytes, next, next + size)
      ) {
        this.#runFrames += left;
        this.#runEnd = end;
        this.#runLast = next;
        return;
      }
      this.#receiveOne(port, bytes, next, next + size);
    }
  }

  #receiveOne(port: SwitchPort, bytes: Buffer, at: number, end: number): void {
    const counters = port.counters.fromMachine;
    if (end - at < headerBytes) {
      counters.dropped.runt += 1;
      return;
    }
    if (end - at > this.mtu + headerBytes && end - at > this.mtu + framingBytes(bytes, at, end)) {
      counters.dropped.oversize += 1;
      return;
    }
    if (!port.hasCable) {
      counters.dropped.cable += 1;
      return;
    }
    if (this.observers.size > 0) this.#observe(port, 'fromMachine', bytes, at, end);
    if (port.fromMachine) port.fromMachine.push(port.number, bytes, at - prefixBytes, end);
    else this.forward(port, bytes, at, end);
  }

  /** Decides where a frame goes, and sends it. */
  forward(port: SwitchPort, bytes: Buffer, at: number, end: number): void {
    const vlan = vlanOf(bytes, at, end) << 16;
    const sourceHigh = vlan | ((bytes[at + 6] as number) << 8) | (bytes[at + 7] as number);
    const sourceLow = readInt32(bytes, at + 8);
    const isGroup = ((bytes[at] as number) & 1) === 1;
    const target = isGroup
      ? -1
      : this.#find(vlan | ((bytes[at] as number) << 8) | (bytes[at + 1] as number), readInt32(bytes, at + 2));
    if (target === -1) {
      const refusal = port.guard.admits(this.#now);
      if (refusal) {
        port.counters.fromMachine.dropped[refusal] += 1;
        return;
      }
    }
    if (!this.#learn(port, sourceHigh, sourceLow, bytes[at + 6] as number)) return;
    if (target === -1) {
      for (const other of this.#all) if (other !== port) this.#deliver(port, other, bytes, at, end);
    } else if (target !== port.number) {
      const other = this.#ports.get(target);
      if (!other) return;
      this.#deliver(port, other, bytes, at, end);
      if (vlan === 0 && this.observers.size === 0 && !port.fromMachine) this.#judgeNextBy(bytes, at, end);
    }
  }

  /** Sends a frame out of a port after the faults of its cable. */
  emit(source: number, port: SwitchPort, frame: Buffer): void {
    if (!this.#isOpen(port)) return;
    if (this.observers.size > 0) this.#observe(port, 'toMachine', frame, prefixBytes, frame.length);
    this.#send(source, port, frame, 0, frame.length, 1);
  }

  #find(high: number, low: number): number {
    if (this.#gateway && low === this.#gatewayLow && high === this.#gatewayHigh) return this.#gateway.number;
    return this.table.find(high, low, this.#now);
  }

  /** Whether the port may be where this station is; false for a frame that only a loop can have brought back. */
  #learn(port: SwitchPort, high: number, low: number, first: number): boolean {
    if (low === this.#gatewayLow && (high & 0xffff) === this.#gatewayHigh && port !== this.#gateway) {
      port.counters.fromMachine.dropped.loop += 1;
      return false;
    }
    if ((first & 1) === 1) return true; // no station has a group's address
    const before = this.table.learn(high, low, port.number, this.#now);
    if (before !== -1 && before !== port.number) {
      port.counters.moves += 1;
      port.guard.moved(this.#now);
    }
    return true;
  }

  #deliver(from: SwitchPort, to: SwitchPort, bytes: Buffer, at: number, end: number): void {
    if (from.side !== to.side && from.side >= 0 && to.side >= 0) {
      const isHeld = from.side >= heldSide || to.side >= heldSide;
      to.counters.toMachine.dropped[isHeld ? 'held' : 'partition'] += 1;
      return;
    }
    if (!this.#isOpen(to)) return;
    if (to.toMachine) {
      to.toMachine.push(from.number, bytes, at - prefixBytes, end);
      return;
    }
    if (this.observers.size > 0) this.#observe(to, 'toMachine', bytes, at, end);
    if (
      this.#runPort === to &&
      this.#runSource === from &&
      this.#runBytes === bytes &&
      this.#runEnd === at - prefixBytes
    ) {
      this.#runEnd = end;
      this.#runFrames += 1;
      return;
    }
    this.#endRun();
    this.#runPort = to;
    this.#runSource = from;
    this.#runBytes = bytes;
    this.#runStart = at - prefixBytes;
    this.#runEnd = end;
    this.#runFrames = 1;
    this.#runLast = -1;
  }

  /** The next frame may be judged by this one, when it was sent and its header is the one that {@link #isLikeLast} reads. */
  #judgeNextBy(bytes: Buffer, at: number, end: number): void {
    const isToItself = readInt32(bytes, at + 2) === readInt32(bytes, at + 8); // where that is was just learned
    if (!isToItself && this.#runBytes === bytes && this.#runEnd === end && framingBytes(bytes, at, end) === headerBytes)
      this.#runLast = at;
  }

  /**
   * Whether a frame is between the same two stations as the one before it, and plain: then it goes the same way. Nearly
   * all frames of a bulk transfer do, and the table need not be asked for them.
   */
  #isLikeLast(bytes: Buffer, at: number, end: number): boolean {
    const last = this.#runLast;
    if (last < 0 || end - at < headerBytes || end - at > this.mtu + headerBytes) return false;
    // All 14 bytes, without a loop: this is done for every frame.
    return (
      readInt32(bytes, at + 2) === readInt32(bytes, last + 2) &&
      readInt32(bytes, at + 8) === readInt32(bytes, last + 8) &&
      readInt32(bytes, at + 5) === readInt32(bytes, last + 5) &&
      readInt32(bytes, at + 10) === readInt32(bytes, last + 10) &&
      readInt32(bytes, at) === readInt32(bytes, last)
    );
  }

  #isOpen(port: SwitchPort): boolean {
    if (port.hasCable && port.outlet.isConnected) return true;
    const reason: DropReason = port.hasCable ? 'disconnected' : 'cable';
    port.counters.toMachine.dropped[reason] += 1;
    return false;
  }

  #endRun(): void {
    const port = this.#runPort;
    const source = this.#runSource;
    const bytes = this.#runBytes;
    if (!port || !source || !bytes) return;
    this.#runPort = undefined;
    this.#runBytes = undefined;
    this.#send(source.number, port, bytes, this.#runStart, this.#runEnd, this.#runFrames);
  }

  #send(source: number, port: SwitchPort, bytes: Buffer, start: number, end: number, frames: number): void {
    const counters = port.counters.toMachine;
    const dropped = port.outlet.send(source, bytes, start, end);
    counters.frames += frames - dropped;
    // Which frames of a run were dropped is not known here; they are of one size nearly always.
    counters.bytes += Math.round(((end - start - frames * prefixBytes) * (frames - dropped)) / frames);
    counters.dropped.queue += dropped;
    if (port.isDirty) return;
    port.isDirty = true;
    this.#dirty.push(port);
  }

  #observe(port: SwitchPort, direction: 'fromMachine' | 'toMachine', bytes: Buffer, at: number, end: number): void {
    for (const observer of this.observers) observer.frame(port, direction, bytes, at, end);
  }
}

function readInt32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
