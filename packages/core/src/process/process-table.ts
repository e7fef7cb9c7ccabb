/**
 * Which process this is: a pid alone is reused, so the start time and the boot belong to it.
 * `startTime` is opaque and compared for equality only.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** How a host tells about its processes; injected in tests. */
export interface ProcessTable {
  /** Undefined when no such process lives (a zombie does not). */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /** This process, by what `isAlive` tells without asking for the host's processes; present where that saves something. */
  own?(): Promise<ProcessIdentity>;
  /** Present where comparing what `identify` gives is not all. */
  isAlive?(identity: ProcessIdentity): Promise<boolean>;
}
