import { pathToFileURL } from 'node:url';
import { collectLabs } from '../sdk/test/collected-labs.ts';
import type { CollectedFile } from './collected-file.ts';
import { takeNotedTests } from './noted-tests.ts';

/** Imports the test files one after another, and sends what each has in it to the process that started this one. */
export async function collectTests(files: readonly string[]): Promise<void> {
  const found: CollectedFile[] = [];
  for (const file of files) found.push(await collectFile(file));
  await new Promise<void>((resolve, reject) =>
    process.send?.(found, undefined, undefined, (error: Error | null) => (error ? reject(error) : resolve())),
  );
  process.exit(0); // whatever the files have opened
}

async function collectFile(file: string): Promise<CollectedFile> {
  const labs = collectLabs();
  takeNotedTests();
  try {
    await import(pathToFileURL(file).href);
    return { file, tests: takeNotedTests(), labs };
  } catch (error) {
    const { message, stack, code } = error as Partial<NodeJS.ErrnoException>;
    const known = { ...(stack === undefined ? {} : { stack }), ...(code === undefined ? {} : { code }) };
    return { file, tests: [], labs, error: { message: message ?? String(error), ...known } };
  }
}
