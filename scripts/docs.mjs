/** `npm run docs`: writes the pages and lists that are made from code, and the report of the public surface in api/. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderErrorReference } from '../packages/core/src/errors/error-reference.ts';
import { renderReference } from '../packages/goqemu/src/arguments/reference.ts';
import { commands } from '../packages/goqemu/src/commands/command-table.ts';
import { withCommandLists } from '../packages/goqemu/src/reference/command-lists.ts';
import { renderEnvironmentReference } from '../packages/goqemu/src/reference/environment-variables.ts';
import { madeTables, withTables } from '../packages/goqemu/src/reference/made-tables.ts';
import { renderPageIndex } from '../packages/goqemu/src/reference/page-index.ts';
import { apiReport, reportFile } from './api/api-report.ts';
import { readPublicSurface } from './api/public-surface.ts';
import { renderPerformance } from './performance/performance-page.ts';
import { drawPlot, plotsOf } from './performance/plot.ts';
import { root } from './run/run.mjs';

writeFileSync(join(root, 'docs', 'cli.md'), renderReference(commands));
writeFileSync(join(root, 'docs', 'errors.md'), renderErrorReference());
writeFileSync(join(root, 'docs', 'environment.md'), renderEnvironmentReference());
writeFileSync(join(root, 'docs', 'index.md'), renderPageIndex());
const bin = join(root, 'packages', 'goqemu', 'bin', 'goqemu.js');
writeFileSync(bin, withCommandLists(readFileSync(bin, 'utf8'), commands));
for (const [name, tables] of Object.entries(madeTables)) {
  const page = join(root, 'docs', name);
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), tables));
}

const measured = JSON.parse(readFileSync(join(root, 'docs', 'performance.json'), 'utf8'));
writeFileSync(join(root, 'docs', 'performance.md'), renderPerformance(measured));
const plots = join(root, 'docs', 'performance');
rmSync(plots, { recursive: true, force: true });
mkdirSync(plots);
for (const plot of plotsOf(measured)) writeFileSync(join(plots, plot.file), await drawPlot(plot));

mkdirSync(join(root, 'api'), { recursive: true });
const surface = readPublicSurface(root);
for (const subpath of surface.entries.keys())
  writeFileSync(join(root, reportFile(subpath)), apiReport(surface, subpath));
