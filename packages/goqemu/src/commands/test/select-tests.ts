import { usageError } from '../../arguments/usage-error.ts';
import type { CollectedFile, CollectedTest } from '../../tests/collected-file.ts';
import { type FailedTest, fileOf } from './last-run.ts';

/** Which tests of which files. */
export interface SelectedTests {
  readonly files: readonly CollectedFile[];
  /** For Node's runner; none: all of them. */
  readonly patterns: readonly string[];
}

export interface Selection {
  readonly name: readonly string[];
  readonly shard?: string | undefined;
  /** Undefined: whatever became of the last run. */
  readonly failed?: readonly FailedTest[] | undefined;
}

/**
 * Selects tests by the part of the files, the last run and their names.
 *
 * @throws GoqemuError `usage` where nothing is left
 */
export function selectTests(
  all: readonly CollectedFile[],
  { name, shard, failed }: Selection,
  workingFolder: string,
): SelectedTests {
  const part = shard === undefined ? all : partOf(all, shard);
  const again = failed && part.filter(({ file }) => failed.some((one) => fileOf(one, workingFolder) === file));
  const patterns = [...name, ...(failed ? patternsOf(failed) : [])];
  const expressions = patterns.map(expression);
  const files = (again ?? part)
    .map((one) => ({ ...one, tests: one.tests.filter((test) => matches(test, expressions)) }))
    // Tests that a file registers in a way that is not seen are left to the runner.
    .filter(({ tests }) => tests.length > 0 || expressions.length === 0);
  if (files.length === 0) throw nothingLeft({ name, shard, failed });
  return { files, patterns };
}

/** The files of one part, such as 2/3: each third one, so that parts are alike. */
function partOf(all: readonly CollectedFile[], shard: string): readonly CollectedFile[] {
  const [index, count] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).slice(1).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw usageError(`--shard: "${shard}" is not I/N`, 'write, for example, --shard 1/3 for the first third');
  return all.filter((_file, at) => at % count === index - 1);
}

/** A file that failed as a whole runs as a whole, and then no pattern can be given. */
function patternsOf(failed: readonly FailedTest[]): readonly string[] {
  if (failed.some(({ file, path }) => path.length === 1 && path[0]?.endsWith(file))) return [];
  return failed.map(({ path }) => `^${escaped(path.at(-1) ?? '')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** A pattern, as `node --test-name-pattern` reads it. */
function expression(pattern: string): RegExp {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
  try {
    return source === undefined ? new RegExp(pattern) : new RegExp(source, flags);
  } catch (error) {
    throw usageError(
      `--name: ${(error as Error).message}`,
      "write a regular expression, as in --name 'nginx.*answers'",
    );
  }
}

/** The runner compares a pattern with each name, and with all of them. */
function matches({ path }: CollectedTest, expressions: readonly RegExp[]): boolean {
  if (expressions.length === 0) return true;
  return expressions.some((one) => [...path, path.join(' ')].some((text) => text.search(one) >= 0));
}

function nothingLeft({ name, shard, failed }: Selection) {
  if (failed) return usageError('none of the tests that failed in the last run is there', 'run all: goqemu test');
  if (name.length > 0) return usageError(`no test matches ${name.join(' or ')}`, 'see all with: goqemu test --list');
  return usageError(`there are fewer test files than parts: none is left for --shard ${shard}`, 'use fewer parts');
}
