import { canonicalJson } from '@goqemu/core';
import type { PropertyChange } from '../resource/operation.ts';

/** The properties in which two flat descriptions differ, in the order of the second. */
export function propertyDiff(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly PropertyChange[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((property): PropertyChange[] => {
    if (canonicalJson(before[property]) === canonicalJson(after[property])) return [];
    return [
      {
        property,
        ...(before[property] === undefined ? {} : { before: before[property] }),
        ...(after[property] === undefined ? {} : { after: after[property] }),
      },
    ];
  });
}

/** Adds a line diff to changes of longer texts; loads the diff library only when there is one. */
export async function withTextDiffs(changes: readonly PropertyChange[]): Promise<readonly PropertyChange[]> {
  const long = (value: unknown): value is string => typeof value === 'string' && value.includes('\n');
  if (!changes.some((change) => long(change.before) || long(change.after))) return changes;
  const { createTwoFilesPatch } = await import('diff');
  return changes.map((change) => {
    const { before = '', after = '' } = change;
    if (typeof before !== 'string' || typeof after !== 'string' || !(long(before) || long(after))) return change;
    const patch = createTwoFilesPatch('before', 'after', before, after, undefined, undefined, { context: 3 });
    return { ...change, text: patch.split('\n').slice(3).join('\n') };
  });
}
