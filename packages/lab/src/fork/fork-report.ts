/** A machine of a fork, and where it is reached: on ports of its own. */
export interface ForkedMachine {
  readonly name: string;
  readonly ssh: { readonly host: string; readonly port: number; readonly user: string };
  /** Ports of the host, by the names that the lab gave them. */
  readonly forwards: Readonly<Record<string, number>>;
}

/** The document of `checkpoint fork --json`. */
export interface ForkReport {
  readonly version: 1;
  /** Short id of the checkpoint. */
  readonly id: string;
  readonly forks: readonly {
    /** A stack of the lab: what `--stack` takes. */
    readonly name: string;
    readonly machines: readonly ForkedMachine[];
  }[];
  /** Machines of the lab that have no such checkpoint, and that the forks are without. */
  readonly untouched: readonly string[];
  readonly durationMs: number;
}
