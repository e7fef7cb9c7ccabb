/** What a test did to machines, networks and itself: as reports and traces show it. */
export interface Action {
  /** From 1, in the order of their beginnings: what `goqemu trace open --at` takes. */
  readonly n: number;
  /** The step that it is a part of. */
  readonly step?: number;
  readonly kind: 'step' | 'mark' | 'attach' | 'expect' | 'machine' | 'network' | 'lab';
  /** As a test writes it: `web.exec("uptime")`. */
  readonly title: string;
  readonly machine?: string;
  /** Milliseconds since the test began. */
  readonly atMs: number;
  /** Undefined for one that had not ended when the test did. */
  readonly durationMs?: number;
  readonly result: 'passed' | 'failed' | 'unfinished';
  readonly error?: RecordedError;
  /** Of a command; null when a signal ended it. */
  readonly exitCode?: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Set where it can be done again, in a copy of the lab. */
  readonly again?: RepeatableCall;
  /** The machines as they were before it, where that was asked for: `--trace full`. */
  readonly before?: FailurePlace;
}

/** A call as data. */
export interface RepeatableCall {
  readonly on: 'machine' | 'network' | 'screen';
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface RecordedError {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly stack?: string;
  /** Where in the test file it was thrown, or on the way to it. */
  readonly place?: RecordedPlace;
}

export interface RecordedPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A lab that a test ran on. */
export interface RecordedLab {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** The lab's own; not that of the test's fork. */
  readonly stack: string;
  /** Values of its parameters that are known and may be shown. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The checkpoint that the test began at. */
  readonly at?: string;
  readonly isolation: 'fork' | 'restore' | 'none';
  readonly machines: readonly string[];
}

/** One run of a test. */
export interface TestRecord {
  readonly version: 1;
  /** Of its `goqemu test`. */
  readonly run: string;
  /** Of the process that it ran in. */
  readonly worker: number;
  /** Absolute. */
  readonly file: string;
  readonly line?: number;
  readonly name: string;
  /** From 1: with retries, or until it fails, each is a run of its own. */
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Including the time in which its machines were prepared. */
  readonly durationMs: number;
  /** Milliseconds until its body began. */
  readonly preparedMs?: number;
  readonly result: 'passed' | 'failed';
  readonly error?: RecordedError;
  readonly lab?: RecordedLab;
  readonly actions: readonly Action[];
  /** How many actions were not kept, between the first and the last ones. */
  readonly omittedActions?: number;
  /** Of a failed test, when traces are kept. */
  readonly evidence?: Evidence;
  /** Path of its trace. */
  readonly trace?: string;
}

/** What was found when a test had failed. */
export interface Evidence {
  readonly machines: readonly MachineEvidence[];
  readonly events: readonly RecordedEvent[];
  readonly place: FailurePlace;
}

/** What the engine reported, as `--events` writes it. */
export interface RecordedEvent {
  readonly at: string;
  readonly type: string;
}

/** Of a machine; what could not be read is said in `missing`. */
export interface MachineEvidence {
  readonly name: string;
  readonly status: string;
  /** The end of what it wrote on its first serial port. */
  readonly console?: string;
  /** Its screen, as PNG in base64; of a machine with a display. */
  readonly screen?: string;
  /** Since the test began. */
  readonly journal?: string;
  /** What has changed on its disks, a line each. */
  readonly changes?: ChangedFiles;
  readonly missing: readonly string[];
}

export interface ChangedFiles {
  /** `baseline`: compared with the last one that the test took; `times`: what has a newer time of change. */
  readonly by: 'baseline' | 'times';
  readonly lines: readonly string[];
  /** How many more there are. */
  readonly more: number;
}

/** The checkpoint of a failure, or why there is none. */
export type FailurePlace = KeptPlace | { readonly missing: string };

/** Machines as they were when the test failed. */
export interface KeptPlace {
  /** The stack of the lab that has the checkpoint. */
  readonly stack: string;
  /** Id of the checkpoint. */
  readonly checkpoint: string;
  readonly machines: readonly KeptMachine[];
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Whether the stack is kept for this trace alone, and goes with it. */
  readonly ownStack: boolean;
}

export interface KeptMachine {
  readonly name: string;
  /** Key of the layer. */
  readonly layer: string;
  readonly ram: boolean;
}

/** Bytes on the disk of all that a record keeps of machines. */
export function keptBytes({ evidence, actions }: Pick<TestRecord, 'evidence' | 'actions'>): number {
  const places = [evidence?.place, ...actions.map(({ before }) => before)];
  return places.reduce((sum, place) => sum + (place && isKept(place) ? place.bytes : 0), 0);
}

export function isKept(place: FailurePlace): place is KeptPlace {
  return 'checkpoint' in place;
}
