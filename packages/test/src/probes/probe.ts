import type { Baseline, PackedBaseline } from '../changes/baseline-types.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ActionLog } from '../record/action-log.ts';
import type { TestedGuest } from '../tested-guest.ts';

/** What an expectation can be about. */
export type ProbeKind =
  | 'unit'
  | 'port'
  | 'http'
  | 'file'
  | 'process'
  | 'package'
  | 'user'
  | 'journal'
  | 'command'
  | 'mount'
  | 'service'
  | 'step'
  | 'screen'
  | 'screenText';

/** Something of a machine that {@link expect} takes. It asks nothing by itself. */
export interface Probe<K extends ProbeKind = ProbeKind> {
  readonly kind: K;
  /** As a test writes it: `web.unit("nginx")`. */
  readonly text: string;
}

/** The machine that probes are of. */
export interface ProbedMachine {
  readonly name: string;
  readonly guest: TestedGuest;
  /** Where others reach it. */
  readonly host: string;
  readonly waiting: WaitOptions;
  readonly baselines: Baselines;
  /** Of the test that has it: what is expected of it is noted there. */
  actions?: ActionLog;
  /** The same test, for what it keeps as files. */
  test?: ProbingTest;
}

/** A test that asks. */
export interface ProbingTest {
  /** Absolute. */
  readonly file: string;
  /** Keeps a file with the test's results. @returns its path */
  attach(name: string, content: Uint8Array): Promise<string>;
}

/** What the machine may be compared with. */
export interface Baselines {
  /** The last one that was taken. */
  last?: Baseline;
  /** The machine as it was when the test began: asked for when a test has taken none itself. */
  atBeginning?: () => Promise<PackedBaseline>;
}

/** Recognised by this, never by `instanceof`: a test may load a second instance of this module. */
export const probeBrand = Symbol.for('goqemu.test.probe');

/** A probe with what its matchers need. */
export interface ProbeOf<K extends ProbeKind, Subject> extends Probe<K> {
  readonly machine: ProbedMachine;
  readonly subject: Subject;
  readonly [probeBrand]: true;
}

export function probe<K extends ProbeKind, Subject>(
  kind: K,
  machine: ProbedMachine,
  subject: Subject,
  shown: string,
): ProbeOf<K, Subject> {
  return { kind, machine, subject, text: `${machine.name}.${kind}(${shown})`, [probeBrand]: true };
}

export function isProbe(value: unknown): value is ProbeOf<ProbeKind, unknown> {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[probeBrand] === true;
}
