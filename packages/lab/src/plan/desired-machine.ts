import type { MachineSpec } from '@goqemu/spec';
import type { ResolvedImage } from '../backend/backend.ts';
import type { MachineDeclaration } from '../evaluate/lab.ts';
import type { AppliedStep } from '../state/lab-state.ts';
import type { PlannedStep } from '../step/planned-step.ts';
import type { TimedRun } from './work.ts';

/** A place in the chain of a machine: the machine itself first, then its steps, inherited ones included. */
export interface ChainLink extends AppliedStep {
  /** Undefined for the first link, and where the lab leaves the recorded steps alone. */
  readonly step?: PlannedStep;
  /** A layer is cut here. */
  readonly cut: boolean;
  /** Names that this machine's own checkpoints give to it. */
  readonly checkpoints: readonly string[];
  /** Places of other machines that come before it. */
  readonly waitsFor: readonly { readonly machine: string; readonly index: number }[];
  /** Its result is output that others may use. */
  readonly captures: boolean;
  readonly timed?: TimedRun;
  /** Scripts in it whose lines end in CRLF: file names, and `''` for what the lab itself has. */
  readonly crlf?: readonly string[];
  /** It was made by an earlier version of what it stands for, and is kept as it is. */
  readonly older?: { readonly version: number; readonly today: number };
}

/** A machine as the lab wants it, with everything known but late values. */
export interface DesiredMachine {
  readonly declaration: MachineDeclaration;
  readonly spec: MachineSpec;
  readonly image: ResolvedImage;
  readonly chain: readonly ChainLink[];
}
