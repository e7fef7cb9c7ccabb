/** One check of the host on which machines run. */
export interface DoctorFact {
  readonly name: string;
  /** `warning`: goqemu works, with less; `error`: it does not. */
  readonly status: 'ok' | 'warning' | 'error';
  readonly finding: string;
  readonly hint?: string;
}

/** What one state of a lab has there: its machines, and layers that no other state uses. */
export interface Holding {
  readonly lineage: string;
  /** Undefined where there are layers alone, which do not know the lab's name. */
  readonly lab: string | undefined;
  readonly machines: readonly { readonly name: string; readonly pid: number | undefined }[];
  readonly layers: number;
  /** That the files of both take on the disk. */
  readonly bytes: number;
}

/** A machine that runs from another folder of goqemu's. */
export interface MachineElsewhere {
  readonly pid: number;
  /** That folder: `GOQEMU_HOME`. */
  readonly home: string;
  readonly lab: string;
  readonly name: string;
}

/** A backend's role: what there is and what is missing where machines run, whether or not a lab is known. */
export interface DiagnosisRole {
  /** What the place has and lacks. */
  doctor(signal?: AbortSignal): Promise<readonly DoctorFact[]>;
  /** What labs have there, whether their states are there or not. */
  findHoldings(): Promise<readonly Holding[]>;
  /** Leaves nothing of it. */
  discardHolding(holding: Holding, signal?: AbortSignal): Promise<void>;
  /** Machines that run from another folder of goqemu's. */
  machinesElsewhere(): Promise<readonly MachineElsewhere[]>;
}
