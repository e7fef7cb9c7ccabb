import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { GoqemuError, isGoqemuError } from '@goqemu/core';
import { readTrace, type TestRecord, traceSuffix } from '@goqemu/test/process';
import { resultsFolder } from '../commands/test/last-run.ts';

/** A trace as a file. */
export interface FoundTrace {
  /** Absolute. */
  readonly path: string;
  /** What it is called in lists. */
  readonly name: string;
  readonly record: TestRecord;
}

/** A file that is called as a trace, and is none. */
export interface BrokenTrace {
  /** What it is called where traces are named. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly error: GoqemuError;
}

/** The folder of traces. @param chosen what `--trace-dir` says */
export function tracesFolder(workingFolder: string, chosen: string | undefined): string {
  return chosen === undefined ? join(resultsFolder(workingFolder), 'traces') : resolve(workingFolder, chosen);
}

/** The traces in a folder, newest first, and the files that are none although they are called so. */
export async function readTraces(
  folder: string,
): Promise<{ readonly traces: readonly FoundTrace[]; readonly broken: readonly BrokenTrace[] }> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(traceSuffix)) : [];
  const traces: FoundTrace[] = [];
  const broken: BrokenTrace[] = [];
  for (const name of names) {
    try {
      traces.push(await traceAt(join(folder, name)));
    } catch (error) {
      if (!isGoqemuError(error)) throw error;
      broken.push({ name: nameOf(name), path: join(folder, name), error });
    }
  }
  return { traces: traces.sort((a, b) => b.record.startedAt - a.record.startedAt), broken };
}

/**
 * A trace by the path of its file, or by its name in the folder or the beginning of that; without one, the newest.
 *
 * @throws GoqemuError `trace-unknown`, `trace-invalid`, `trace-newer`
 */
export async function findTrace(named: string | undefined, folder: string, workingFolder: string): Promise<FoundTrace> {
  if (named !== undefined && existsSync(resolve(workingFolder, named))) return traceAt(resolve(workingFolder, named));
  const { traces, broken } = await readTraces(folder);
  const damaged = broken.find(({ name }) => name === named);
  if (damaged) throw damaged.error;
  const exact = traces.filter(({ name }) => name === named);
  const matches = exact.length > 0 ? exact : traces.filter(({ name }) => named === undefined || name.startsWith(named));
  const [first, ...others] = matches;
  if (first && (named === undefined || others.length === 0)) return first;
  throw unknown(named, folder, matches);
}

async function traceAt(path: string): Promise<FoundTrace> {
  return { path, name: nameOf(path), record: await readTrace(path) };
}

function nameOf(path: string): string {
  return basename(path).slice(0, -traceSuffix.length);
}

function unknown(named: string | undefined, folder: string, matches: readonly FoundTrace[]): GoqemuError {
  const several = matches.map(({ name }) => name).join(', ');
  return new GoqemuError({
    code: 'trace-unknown',
    source: 'user',
    ...(named === undefined ? {} : { subject: named }),
    message:
      named === undefined
        ? `there is no trace in ${folder}`
        : several
          ? `more than one trace begins with ${JSON.stringify(named)}: ${several}`
          : `there is no trace ${JSON.stringify(named)} in ${folder}, nor a file of that name`,
    hint: named === undefined ? 'a test that fails leaves one: goqemu test' : 'list them with: goqemu trace list',
  });
}
