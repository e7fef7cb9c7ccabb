/** What `goqemu import` prints with `--json`. */
export interface ImportReport {
  readonly version: 1;
  readonly lab: string;
  readonly stack: string;
  readonly machine: string;
  /** The process that runs it; null where it is not one of this host. */
  readonly pid: number | null;
  /** Steps of the lab that are taken as done, and those that the next apply runs. */
  readonly stepsDone: readonly string[];
  readonly stepsLeft: readonly string[];
  /** What cannot be done with the machine, in human-readable sentences. */
  readonly limits: readonly string[];
}
