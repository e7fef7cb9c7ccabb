const none = -1;

/** Where a station was seen: a port, by its number. */
export interface MacTableOptions {
  /** Stations that it can hold; beyond them the one not seen for the longest time is forgotten. @default 4096 */
  readonly capacity?: number;
  /** Seconds without a frame after which a station is forgotten (IEEE 802.1D: 300). @default 300 */
  readonly ageSeconds?: number;
}

/**
 * Which station is behind which port, per VLAN: a hash table with chains and a list from the most to the least recently
 * seen, in arrays of fixed size. Nothing is allocated after it was made, whatever comes in.
 *
 * A key is two integers: `high` has the VLAN above the first two bytes of the address, `low` the other four.
 */
export class MacTable {
  readonly capacity: number;
  readonly #ageSeconds: number;
  readonly #mask: number;
  readonly #bucket: Int32Array;
  readonly #high: Int32Array;
  readonly #low: Int32Array;
  readonly #port: Int32Array;
  readonly #seen: Int32Array;
  readonly #next: Int32Array;
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  #newest = none;
  #oldest = none;
  #free = 0;
  #size = 0;

  constructor({ capacity = 4096, ageSeconds = 300 }: MacTableOptions = {}) {
    this.capacity = capacity;
    this.#ageSeconds = ageSeconds;
    const buckets = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.#mask = buckets - 1;
    this.#bucket = new Int32Array(buckets).fill(none);
    const column = () => new Int32Array(capacity).fill(none);
    this.#high = column();
    this.#low = column();
    this.#port = column();
    this.#seen = column();
    this.#next = column();
    this.#newer = column();
    this.#older = column();
    for (let index = 0; index < capacity; index += 1) this.#next[index] = index + 1 < capacity ? index + 1 : none;
  }

  get size(): number {
    return this.#size;
  }

  /** The port of a station, -1 when it is unknown or was not seen for too long. `now` in seconds. */
  find(high: number, low: number, now: number): number {
    const entry = this.#entry(high, low);
    if (entry === none) return none;
    if (now - (this.#seen[entry] as number) > this.#ageSeconds) {
      this.#remove(entry);
      return none;
    }
    return this.#port[entry] as number;
  }

  /**
   * A frame of this station came in by this port. `now` in seconds.
   *
   * @returns the port where it was known before, -1 when it was not
   */
  learn(high: number, low: number, port: number, now: number): number {
    const entry = this.#entry(high, low);
    if (entry === none) {
      this.#add(high, low, port, now);
      return none;
    }
    const before = this.#port[entry] as number;
    if (before === port && this.#seen[entry] === now) return port; // the common case: nothing is written
    this.#port[entry] = port;
    this.#seen[entry] = now;
    this.#unlink(entry);
    this.#link(entry);
    return before;
  }

  /** Forgets every station behind a port; returns their number. */
  flush(port: number): number {
    let flushed = 0;
    for (let entry = this.#newest; entry !== none; ) {
      const older = this.#older[entry] as number;
      if (this.#port[entry] === port) {
        this.#remove(entry);
        flushed += 1;
      }
      entry = older;
    }
    return flushed;
  }

  #entry(high: number, low: number): number {
    let entry = this.#bucket[this.#slot(high, low)] as number;
    while (entry !== none && (this.#low[entry] !== low || this.#high[entry] !== high))
      entry = this.#next[entry] as number;
    return entry;
  }

  #slot(high: number, low: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #add(high: number, low: number, port: number, now: number): void {
    if (this.#free === none) this.#remove(this.#oldest);
    const entry = this.#free;
    this.#free = this.#next[entry] as number;
    const slot = this.#slot(high, low);
    this.#high[entry] = high;
    this.#low[entry] = low;
    this.#port[entry] = port;
    this.#seen[entry] = now;
    this.#next[entry] = this.#bucket[slot] as number;
    this.#bucket[slot] = entry;
    this.#link(entry);
    this.#size += 1;
  }

  #remove(entry: number): void {
    const slot = this.#slot(this.#high[entry] as number, this.#low[entry] as number);
    const after = this.#next[entry] as number;
    let before = this.#bucket[slot] as number;
    if (before === entry) this.#bucket[slot] = after;
    else {
      while (this.#next[before] !== entry) before = this.#next[before] as number;
      this.#next[before] = after;
    }
    this.#unlink(entry);
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.#size -= 1;
  }

  #link(entry: number): void {
    this.#newer[entry] = none;
    this.#older[entry] = this.#newest;
    if (this.#newest !== none) this.#newer[this.#newest] = entry;
    this.#newest = entry;
    if (this.#oldest === none) this.#oldest = entry;
  }

  #unlink(entry: number): void {
    const newer = this.#newer[entry] as number;
    const older = this.#older[entry] as number;
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
  }
}
