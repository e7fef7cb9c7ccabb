interface Entry {
  readonly due: number;
  readonly turn: number;
  readonly frame: Buffer;
  readonly source: number;
}

/** Frames by the time at which they are due, those of the same time in the order of arrival: a binary heap. */
export class DelayQueue {
  #heap: Entry[] = [];
  #turn = 0;
  #bytes = 0;

  get length(): number {
    return this.#heap.length;
  }

  /** Bytes of memory, with some 200 for each frame beside its own. */
  get bytes(): number {
    return this.#bytes + 200 * this.#heap.length;
  }

  /** When the next one is due; undefined when there is none. */
  get due(): number | undefined {
    return this.#heap[0]?.due;
  }

  push(due: number, frame: Buffer, source: number): void {
    const entry = { due, turn: this.#turn++, frame, source };
    this.#bytes += frame.length;
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  shift(): Entry | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (!first || !last) return undefined;
    this.#bytes -= first.frame.length;
    if (first !== last) this.#sink(last);
    return first;
  }

  /** Drops what `isDropped` is true of; returns the number of frames. */
  drop(isDropped: (entry: { readonly source: number; readonly frame: Buffer }) => boolean): number {
    const kept = this.#heap.filter((entry) => !isDropped(entry)).sort((a, b) => (before(a, b) ? -1 : 1));
    const dropped = this.#heap.length - kept.length;
    this.#heap = kept; // sorted, it is a heap
    this.#bytes = kept.reduce((sum, { frame }) => sum + frame.length, 0);
    return dropped;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && before(heap[right] as Entry, heap[child] as Entry)) child = right;
      if (!before(heap[child] as Entry, entry)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = entry;
  }
}

function before(one: Entry, other: Entry): boolean {
  return one.due < other.due || (one.due === other.due && one.turn < other.turn);
}
