import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';

/** The path of a plan that `plan --out` saved, when one was named: recognized by its first bytes, not by name. */
export function savedPlanAt(named: string | undefined, workingFolder: string): string | undefined {
  if (named === undefined) return undefined;
  const path = resolve(workingFolder, named);
  const head = Buffer.alloc(512);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined; // the loader says what is wrong with it
  }
  try {
    const length = readSync(file, head);
    return head.toString('utf8', 0, length).includes('"goqemu-plan"') ? path : undefined;
  } catch {
    return undefined; // a folder
  } finally {
    closeSync(file);
  }
}
