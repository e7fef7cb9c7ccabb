import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { visibleWord } from '@goqemu/core';
import { candidatesError } from './candidates-error.ts';
import type { BisectEnds, BisectSubject, Candidate } from './subject.ts';

/** The lines of a file. Empty ones are left out. */
export function listedValues(path: string, workingFolder: string): BisectSubject {
  return {
    candidates: async (ends) => between(await readLines(resolve(workingFolder, path)), ends, path),
    prepare: async () => undefined,
  };
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '');
  } catch (cause) {
    throw candidatesError(
      `the list ${path} cannot be read`,
      'give a text file with a value in each line',
      String(cause),
    );
  }
}

/**
 * The part of a list from one end to the other.
 *
 * @throws GoqemuError `bisect-candidates`
 */
export function between(values: readonly string[], { good, bad }: BisectEnds, of: string): readonly Candidate[] {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined)
    throw candidatesError(`${of} has ${visibleWord(twice)} twice`, 'each value may be there once');
  const [first, last] = [good, bad].map((value) => values.indexOf(value)) as [number, number];
  for (const [name, value, at] of [
    ['good', good, first],
    ['bad', bad, last],
  ] as const)
    if (at < 0)
      throw candidatesError(
        `--${name} ${visibleWord(value)} is not in ${of}`,
        `it has: ${values.slice(0, 20).map(visibleWord).join(', ')}${values.length > 20 ? ', …' : ''}`,
      );
  if (first >= last)
    throw candidatesError(
      `in ${of}, --good ${visibleWord(good)} does not come before --bad ${visibleWord(bad)}`,
      'the good one comes first: the search is for what broke it',
    );
  return values.slice(first, last + 1).map((value) => ({ value, title: value }));
}
