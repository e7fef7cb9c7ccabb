import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { chooseCommand } from '../../packages/goqemu/src/arguments/parse-arguments.ts';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';
import { findTopic } from '../../packages/goqemu/src/pages/find-topic.ts';
import { headingsOf } from '../../packages/goqemu/src/pages/page-sections.ts';
import { pageFile, topics } from '../../packages/goqemu/src/pages/topics.ts';

/** Files under a folder, without what was built or copied there, and without links to other packages. */
function filesIn(folder: string, suffix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(?:node_modules|dist|docs|\..*)$/.test(entry.name) ? [] : filesIn(path, suffix);
    return entry.name.endsWith(suffix) ? [path] : [];
  });
}

const pages = filesIn('docs', '.md');
const sources = filesIn('packages', '.ts').filter((path) => !/\.(?:test|soak|bench)\.ts$/.test(path));

const anchorsOf = (page: string) => headingsOf(readFileSync(page, 'utf8')).map(({ anchor }) => anchor);

test('every page of docs is a help topic with a name of its own, and no command has that name', () => {
  const isPage = (page: string) => page !== 'docs/index.md'; // the front page of the site
  assert.deepEqual(topics.map((topic) => join('docs', pageFile(topic))).sort(), pages.filter(isPage).sort());
  const names = topics.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const words = commands.flatMap(({ name }) => [name, name.split(' ')[0]]);
  assert.deepEqual(
    names.filter((name) => words.includes(name)),
    [],
  );
  for (const command of topics.flatMap((topic) => topic.commands ?? [])) assert.ok(words.includes(command), command);
});

test('every "goqemu help …" in sources and docs names a command, or a page and its section', () => {
  let found = 0;
  for (const file of [...sources, ...pages, 'README.md', 'CONTRIBUTING.md'])
    for (const [whole, words = ''] of readFileSync(file, 'utf8').matchAll(
      /goqemu help ((?:[a-z][\w#-]*)(?: [a-z][\w-]*(?=["`]))?)/g,
    )) {
      found++;
      const [first = ''] = words.split(' ');
      const named = findTopic(first);
      if (!named) assert.ok(isCommand(words), `${file}: ${whole}`);
      else if (named.anchor)
        assert.ok(anchorsOf(join('docs', pageFile(named.topic))).includes(named.anchor), `${file}: ${whole}`);
    }
  assert.ok(found > 10);
});

function isCommand(words: string): boolean {
  const [first] = words.split(' ');
  if (commands.some(({ name }) => name.startsWith(`${first} `))) return true;
  return chooseCommand(words.split(' '), commands, {}) !== undefined;
}

test('no text of goqemu sends its reader to a file of docs, which an installed goqemu shows by its help', () => {
  const notText = /\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm;
  for (const file of sources.filter((path) => !/[\\/](?:pages|reference)[\\/]/.test(path)))
    assert.doesNotMatch(readFileSync(file, 'utf8').replaceAll(notText, ''), /docs\/[\w/-]+\.md/, file);
});

test('every link in README, CONTRIBUTING and docs leads to a file and a section that are there', () => {
  for (const file of ['README.md', 'CONTRIBUTING.md', ...pages])
    for (const [whole, href = ''] of withoutCode(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(href)) continue;
      const [path = '', anchor] = href.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      assert.ok(existsSync(target), `${file}: ${whole}`);
      if (anchor) assert.ok(anchorsOf(target).includes(anchor), `${file}: ${whole}`);
    }
});

function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code));
}
