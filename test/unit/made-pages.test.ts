import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderReference } from '../../packages/goqemu/src/arguments/reference.ts';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';
import {
  documentedVariables,
  renderEnvironmentReference,
} from '../../packages/goqemu/src/reference/environment-variables.ts';
import { madeTables, withTables } from '../../packages/goqemu/src/reference/made-tables.ts';
import { renderPageIndex } from '../../packages/goqemu/src/reference/page-index.ts';
import { renderPerformance } from '../../scripts/performance/performance-page.ts';
import { drawPlot, plotsOf } from '../../scripts/performance/plot.ts';
import type { BenchDocument } from '../../scripts/run/bench-row.ts';

test('docs/cli.md is what the command table says; "npm run docs" writes it', () => {
  assert.equal(readFileSync('docs/cli.md', 'utf8'), renderReference(commands));
});

for (const [name, tables] of Object.entries(madeTables)) {
  test(`the tables of options in docs/${name} are what the sources say; "npm run docs" writes them`, () => {
    const page = readFileSync(`docs/${name}`, 'utf8');
    assert.equal(page, withTables(page, tables));
  });
}

test('docs/index.md names every page; "npm run docs" writes it', () => {
  assert.equal(readFileSync('docs/index.md', 'utf8'), renderPageIndex());
});

test('docs/environment.md is what the list of variables says; "npm run docs" writes it', () => {
  assert.equal(readFileSync('docs/environment.md', 'utf8'), renderEnvironmentReference());
});

test('docs/performance.md and its plots are what the measured document says; "npm run docs" writes them', async () => {
  const measured = JSON.parse(readFileSync('docs/performance.json', 'utf8')) as BenchDocument;
  assert.equal(readFileSync('docs/performance.md', 'utf8'), renderPerformance(measured));
  const plots = plotsOf(measured);
  assert.deepEqual(readdirSync('docs/performance').sort(), plots.map(({ file }) => file).sort());
  for (const plot of plots) assert.equal(readFileSync(`docs/performance/${plot.file}`, 'utf8'), await drawPlot(plot));
});

test('the list of variables has every one that the sources read, and no other', () => {
  const read = new Set(productSources().flatMap((path) => variablesIn(readFileSync(path, 'utf8'))));
  read.delete('GOQEMU_PARAM_');
  read.add('GOQEMU_PARAM_name');
  assert.deepEqual([...read].sort(), [...documentedVariables].sort());
});

/** Names after `env.`, in `const { NAME } = ….env`, and goqemu's own wherever they stand in a text. */
function variablesIn(source: string): string[] {
  const members = [...source.matchAll(/\benv\??\.(\w+)/g)].map(([, name = '']) => name);
  const taken = [...source.matchAll(/const \{([^}]*)\} = \S*\benv;/g)].flatMap(([, names = '']) =>
    [...names.matchAll(/(?<![.\w])(\w+)(?:: \w+)?/g)].map(([, name = '']) => name),
  );
  const own = [...source.matchAll(/'(GOQEMU_[A-Z_]+)'/g)].map(([, name = '']) => name);
  return [...members, ...taken, ...own].filter((name) => /^(?:[A-Z]|\w+_proxy$)/.test(name));
}

/** Sources that run in the command or in a program that uses the package: no tests, and no fakes. */
function productSources(): string[] {
  return readdirSync('packages').flatMap((name) =>
    name === 'testing'
      ? []
      : readdirSync(join('packages', name, 'src'), { recursive: true, encoding: 'utf8' })
          .filter(
            (path) => path.endsWith('.ts') && !/\.(?:test|soak|fixture)\.ts$|fixture|environment-variables/.test(path),
          )
          .map((path) => join('packages', name, 'src', path)),
  );
}
