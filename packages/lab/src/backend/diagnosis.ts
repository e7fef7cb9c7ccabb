import type { MachineDisplay } from './machine-display.ts';

/** One check of the host on which machines run. */
export interface DoctorFact {
  readonly name: string;
  /** `warning`: goqemu works, with less; `error`: it does not. */
  readonly status: 'ok' | 'warning' | 'error';
  readonly finding: string;
  readonly hint?: string;
}

/** What one state of a lab has there: its machines, what carries its networks, and layers that no other state uses. */
export interface LabFootprint {
  readonly lineage: string;
  /** Undefined where there are layers alone, which do not know the lab's name. */
  readonly lab: string | undefined;
  readonly machines: readonly {
    readonly name: string;
    readonly isRunning: boolean;
    readonly display?: MachineDisplay;
  }[];
  /** What carries its networks; absent where nothing does. */
  readonly networks?: { readonly display?: MachineDisplay };
  readonly layers: number;
  /** That the files of both take on the disk. */
  readonly bytes: number;
}

/** A backend's role: what there is and what is missing where machines run, whether or not a lab is known. */
export interface DiagnosisRole {
  /** What the place has and lacks, and what of goqemu's runs there beside this one. */
  doctor(signal?: AbortSignal): Promise<readonly DoctorFact[]>;
  /** What labs have there, whether their states are there or not. */
  findFootprints(): Promise<readonly LabFootprint[]>;
  /** Leaves nothing of it. */
  removeFootprint(footprint: LabFootprint, signal?: AbortSignal): Promise<void>;
}
