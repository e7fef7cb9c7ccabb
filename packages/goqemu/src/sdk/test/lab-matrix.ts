import { lengthPrefixedDigest } from '@goqemu/core';
import type { LabTestOptions } from './lab-fixtures.ts';

/** One combination of a matrix. */
export interface MatrixEntry {
  /** Follows the names of its tests: ` [image=debian-13, workers=2]`; empty without a matrix. */
  readonly suffix: string;
  /** With its parameters, and a stack of its own. */
  readonly options: LabTestOptions;
}

/** A name of a stack may have 63 characters; the forks of tests are named after something else. */
const longestStack = 40;

/** Every combination of the values of a matrix, in the order in which they are written; without one, the options alone. */
export function matrixEntries({ matrix, ...options }: LabTestOptions): readonly MatrixEntry[] {
  if (matrix === undefined) return [{ suffix: '', options }];
  const combinations = Object.entries(matrix).reduce<readonly Readonly<Record<string, unknown>>[]>(
    (before, [name, values]) => before.flatMap((one) => (values ?? []).map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
  return combinations.map((parameters) => ({
    suffix: ` [${Object.entries(parameters)
      .map(([name, value]) => `${name}=${shown(value)}`)
      .join(', ')}]`,
    options: {
      ...options,
      parameters: { ...options.parameters, ...parameters },
      stack: stackOf(options.stack, parameters),
    },
  }));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The values, as far as a stack can be called by them; where something of them is lost, what tells it from others follows. */
function stackOf(stack: string | undefined, parameters: Readonly<Record<string, unknown>>): string {
  const exact = [...(stack === undefined ? [] : [stack]), ...Object.values(parameters).map(shown)].join('-');
  const name = exact.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  if (name === exact && /^[a-z0-9].*[a-z0-9]$|^[a-z0-9]$/.test(name) && name.length <= longestStack) return name;
  const short = name.slice(0, longestStack - 9).replaceAll(/^-+|-+$/g, '');
  return [short, lengthPrefixedDigest([exact]).slice(0, 8)].filter(Boolean).join('-');
}
