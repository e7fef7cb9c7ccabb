import { labOptionTable, networkOptionTable, sdkOptionTable } from './option-tables.ts';

const [begin, end] = ['<!-- Written by `npm run docs` from here -->', '<!-- to here -->'];

/** Pages of which one table is made from code, by their names in `docs`. */
export const madeTables = {
  'lab.md': labOptionTable,
  'networks.md': networkOptionTable,
  'sdk.md': sdkOptionTable,
} as const;

/** The page with the table between its two marks made again. */
export function withTable(page: string, table: string): string {
  const [before, rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (before === undefined || after === undefined) throw new TypeError(`the page has no marks ${begin} … ${end}`);
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}
