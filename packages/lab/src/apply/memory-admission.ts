/** Counts what machines may take together, so that no more of them start than the host can hold. */
export class MemoryAdmission {
  readonly #budget: number;
  readonly #held = new Map<string, number>();

  /** @param budget bytes */
  constructor(budget: number, running: ReadonlyMap<string, number>) {
    this.#budget = budget;
    for (const [machine, bytes] of running) this.#held.set(machine, bytes);
  }

  /** Takes the memory when it is there. A machine that already holds some is counted once. */
  admit(machine: string, bytes: number): boolean {
    let others = 0;
    for (const [name, held] of this.#held) if (name !== machine) others += held;
    if (others + bytes > this.#budget) return false;
    this.#held.set(machine, bytes);
    return true;
  }

  release(machine: string): void {
    this.#held.delete(machine);
  }
}
