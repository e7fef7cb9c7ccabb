import { attachmentFolder } from './attachments.ts';
import { onLab } from './extend-test.ts';
import { LabLeases } from './lab-leases.ts';
import { runPrepared } from './run-prepared.ts';
import type { RunSettings } from './run-settings.ts';
import type { TestedLabSource } from './tested-lab.ts';

/** A test of a runner other than `node:test`, which asks for fixtures before it and gives them back after it. */
export interface ForeignTest {
  /** With those of its suites. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** Where it is registered; undefined where the runner does not say. */
  readonly line?: number;
  /** From 1. */
  readonly attempt: number;
  /** Absolute: the folder of its attachments. @default FILE/TEST in that of the results */
  readonly attachments?: string;
  /** Aborts when its time is up. */
  readonly signal?: AbortSignal;
  /** Says something in its report. @param file what it is about */
  note(text: string, file?: string): void;
  /** Why it failed, as a new error; undefined where it passed. Asked once, when it is over. */
  failure(): Error | undefined;
}

/** Gives a test the lab as it was until `use` resolves; then looks whether it has failed, and takes the lab away. */
export type GiveLab = (
  test: ForeignTest,
  use: (fixtures: Readonly<Record<string, unknown>>) => Promise<void>,
) => Promise<void>;

/** A lab for the tests of such a runner, in this process. */
export function labForRunner(source: TestedLabSource, settings: RunSettings): GiveLab {
  const prepare = onLab<Readonly<Record<string, unknown>>>(source, new LabLeases(source, settings));
  return async (test, use) => {
    const { name, file, line, attempt, attachments = attachmentFolder(settings.results, file, name) } = test;
    const waiting = new AbortController();
    const stop = () => waiting.abort(test.signal?.reason);
    test.signal?.addEventListener('abort', stop, { once: true });
    const place = line === undefined ? undefined : { file, line, column: 1 };
    const runner = { title: name, cancelled: waiting.signal, own: {}, note: test.note };
    const plan = { name, file, place, prepare, attachments, records: settings };
    let failure: Error | undefined;
    try {
      await runPrepared(plan, { test: runner, attempt }, async ({ fixtures }) => {
        // From here on a test whose time is up has failed, and is looked at like any other.
        test.signal?.removeEventListener('abort', stop);
        await use(fixtures);
        failure = test.failure();
        if (failure !== undefined) throw failure;
      });
    } catch (error) {
      if (failure === undefined || error !== failure) throw error;
      // The runner knows this one already, but not what failed after it.
      if (failure.cause !== undefined) throw failure.cause;
    }
  };
}
