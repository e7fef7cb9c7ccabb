import type { StepSubject } from '../matchers/step.ts';
import type { KeptPlace, RecordedEvent } from '../record/test-record.ts';
import type { TestedGuest } from '../tested-guest.ts';

/** A lab as its tests need it; `RunningLab` is one. */
export interface TestedLab extends AsyncDisposable {
  readonly name: string;
  readonly stack: string;
  apply(options: { readonly lockWait: number; readonly signal: AbortSignal }): Promise<unknown>;
  checkpoints(): Promise<readonly { readonly id: string; readonly descriptions: readonly string[] }[]>;
  status(): Promise<{
    readonly machines: readonly TestedMachineStatus[];
    readonly networks: readonly { readonly name: string }[];
  }>;
  machine(name: string): TestedGuest;
  network(name: string): { heal(): Promise<void> };
  step(machine: string, name: string): StepSubject;
  restore(at: string, options: LabCall): Promise<unknown>;
  fork(at: string, options: LabCall & { readonly name: string }): Promise<TestedLab>;
}

export interface TestedMachineStatus {
  readonly name: string;
  /** `running`, `stopped`, … */
  readonly state: string;
}

/** What a record of a test, and its trace, need of the lab besides. */
export interface LabTracing {
  /** Absolute. */
  readonly file: string;
  /** The lab's own stack. */
  readonly stack: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Gives what takes the lab's secrets out of a text. */
  mask(lab: TestedLab): Promise<(text: string) => string>;
  /** The end of what a machine wrote on its first serial port. */
  readConsole(lab: TestedLab, machine: string, signal: AbortSignal): Promise<string>;
  /** Keeps these machines, which run, as they are now. */
  cut(lab: TestedLab, asked: AskedCut): Promise<KeptPlace>;
  /** Gives up what was cut. @param checkpoint its id */
  drop(lab: TestedLab, checkpoint: string, signal: AbortSignal): Promise<void>;
  /** Keeps a fork, switched off, when it is given back. */
  keep(fork: TestedLab, signal: AbortSignal): Promise<void>;
}

export interface AskedCut {
  readonly description: string;
  readonly machines: readonly string[];
  readonly signal: AbortSignal;
}

interface LabCall {
  readonly lockWait: number;
  readonly signal: AbortSignal;
}

/** How a test gets the lab as it was: a fork of its own, the one lab restored, or the lab as the test before left it. */
export type Isolation = 'fork' | 'restore' | 'none';

/** A lab that tests run on, and how. */
export interface TestedLabSource {
  /** The name of its fixture. */
  readonly fixture: string;
  /** As `labKey` names it. */
  readonly key: string;
  readonly at: string | undefined;
  readonly isolation: Isolation;
  /** Machines that must be there. */
  readonly machines: readonly string[];
  readonly open: (onEvent?: (event: RecordedEvent) => void) => Promise<TestedLab>;
  readonly tracing: LabTracing;
  /** Waits until no other process has a test on the one lab. */
  readonly takeTurn: (signal: AbortSignal) => Promise<AsyncDisposable>;
}
