import type { LabDefinition } from '@goqemu/lab';
import type { LabTestOptions } from './lab-fixtures.ts';

/** A lab that the tests of a file run on. */
export interface CollectedLab {
  readonly name: string;
  /** Where `defineLab` was called; undefined where that is not known. */
  readonly file: string | undefined;
  readonly options: LabTestOptions;
}

/** By a symbol that all copies of goqemu share: the files that are looked through may have one of their own. */
const collected = Symbol.for('goqemu.test.labs');

type Collecting = typeof globalThis & { [collected]?: CollectedLab[] };

/** Begins to note the labs that test files name. */
export function collectLabs(): CollectedLab[] {
  const labs: CollectedLab[] = [];
  (globalThis as Collecting)[collected] = labs;
  return labs;
}

/** Notes a lab, where a process looks test files through. */
export function noteLab(lab: LabDefinition, options: LabTestOptions): void {
  (globalThis as Collecting)[collected]?.push({ name: lab.name, file: lab.location?.file, options });
}
