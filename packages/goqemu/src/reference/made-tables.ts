import { defineLabTable, labOptionTable, networkOptionTable, sdkOptionTable } from './option-tables.ts';
import { stepOptionTable } from './step-option-table.ts';

const [begin, end] = ['<!-- Written by `npm run docs` from here -->', '<!-- to here -->'];

/** Pages that have tables made from code, in their order, by their names in `docs`. */
export const madeTables = {
  'lab.md': [defineLabTable, labOptionTable, stepOptionTable],
  'networks.md': [networkOptionTable],
  'sdk.md': [sdkOptionTable],
} as const;

/** The page with each table between its two marks made again. */
export function withTables(page: string, tables: readonly (() => string)[]): string {
  const [first = '', ...marked] = page.split(begin);
  if (marked.length !== tables.length) throw new TypeError(`the page has not ${tables.length} tables after ${begin}`);
  const made = marked.map((part, index) => {
    const [, after] = part.split(end);
    if (after === undefined) throw new TypeError(`a table of the page has no ${end}`);
    return `${begin}\n\n${tables[index]?.()}\n\n${end}${after}`;
  });
  return [first, ...made].join('');
}
