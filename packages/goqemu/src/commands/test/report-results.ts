import { relative } from 'node:path';
import type { CommandContext } from '../../shell/command-context.ts';
import type { CollectedFile } from '../../tests/collected-file.ts';
import type { RecordedTest } from '../../tests/recorded-test.ts';

/** Prints the tests that there are, a line each. */
export function listTests(context: CommandContext, files: readonly CollectedFile[], json: boolean): void {
  const tests = files.flatMap(({ file, tests: own }) =>
    own.map(({ path, line, mode }) => ({
      file: relative(context.shell.workingFolder, file),
      ...(line === undefined ? {} : { line }),
      path,
      ...(mode === undefined ? {} : { mode }),
    })),
  );
  if (json) context.printJson({ version: 1, tests });
  else
    for (const { file, line, path, mode } of tests)
      context.print(
        `${file}${line === undefined ? '' : `:${line}`}  ${path.join(' > ')}${mode ? `  (${mode})` : ''}\n`,
      );
}

/** The document of `--reporter json`. */
export function resultDocument(tests: readonly RecordedTest[], workingFolder: string): unknown {
  const own = tests.filter(({ suite }) => !suite);
  const count = (status: RecordedTest['status']) => own.filter((one) => one.status === status).length;
  return {
    version: 1,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    todo: count('todo'),
    tests: own.map(({ file, line, path, status, durationMs, error, notes }) => ({
      file: relative(workingFolder, file),
      line: line ?? null,
      path,
      status,
      durationSeconds: Math.round(durationMs) / 1000,
      error: error ?? null,
      notes,
    })),
  };
}
