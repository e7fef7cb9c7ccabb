/** Counts what machines may take together, so that no more of them start than the host can hold. */
export class MemoryAdmission {
  readonly #budget: number;
  readonly #held = new Map<string, number>();
  #sum = 0;

  /** @param budget bytes */
  constructor(budget: number, running: ReadonlyMap<string, number>) {
    this.#budget = budget;
    for (const [machine, bytes] of running) this.#hold(machine, bytes);
  }

  /** Takes the memory when it is there. A machine that already holds some is counted once. */
  admit(machine: string, bytes: number): boolean {
    const others = this.#sum - (this.#held.get(machine) ?? 0);
    if (others + bytes > this.#budget) return false;
    this.#hold(machine, bytes);
    return true;
  }

  release(machine: string): void {
    this.#sum -= this.#held.get(machine) ?? 0;
    this.#held.delete(machine);
  }

  #hold(machine: string, bytes: number): void {
    this.release(machine);
    this.#held.set(machine, bytes);
    this.#sum += bytes;
  }
}
