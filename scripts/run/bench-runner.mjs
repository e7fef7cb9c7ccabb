/**
 * Runs bench files under tsx. A bench exports by default
 * `async (report: BenchReport, options: { quick: boolean }) => Promise<void>`; see bench-row.ts. One that fails keeps none of the
 * others from being measured.
 */
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { benchHost } from './bench-host.mjs';
import { shownMeasure } from './bench-row.ts';
import { say } from './say.mjs';

const words = process.argv.slice(2);
const json = words.includes('--json');
const quick = words.includes('--quick');
const begun = new Date();
const benches = [];
for (const file of words.filter((word) => !word.startsWith('--'))) {
  const name = basename(file, '.bench.ts');
  if (json) process.stderr.write(`${name}\n`);
  else say(`\n${name}`);
  const { rows, failed } = await measured(file);
  benches.push({ bench: name, rows, ...(failed ? { failed: failed.message } : {}) });
  if (!json) process.stdout.write(table(rows));
  if (!failed) continue;
  process.stderr.write(`${name} failed: ${failed.stack}\n`);
  process.exitCode = 1;
}
if (json) {
  const document = { version: 1, at: begun.toISOString(), quick, host: benchHost(), benches };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  process.stderr.write(
    'To share these figures, attach the document to an issue of the repository: docs/performance.md\n',
  );
}

async function measured(file) {
  const rows = [];
  try {
    const { default: bench } = await import(pathToFileURL(resolve(file)).href);
    await bench(
      (row) => {
        const ratio = row.ratio ?? (row.baseline ? row.value / row.baseline : undefined);
        rows.push({ ...row, ...(ratio === undefined ? {} : { ratio }) });
      },
      { quick },
    );
    return { rows };
  } catch (failed) {
    return { rows, failed };
  }
}

function table(rows) {
  const cells = [
    ['', 'value', 'baseline', 'ratio', 'aim'],
    ...rows.map((row) => [
      row.name,
      `${shownMeasure(row.value)} ${row.unit}`,
      row.baseline === undefined ? '' : `${shownMeasure(row.baseline)} ${row.unit}`,
      row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} ×`,
      row.aim ?? '',
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return `${cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}
