import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** Phrases that a native engineer does not write, each with better ones. A blank stands for any space, also a line break. */
const phrases: readonly (readonly [phrase: string, better: string])[] = [
  ['unless given', '"Default: X.", "@default X" or "(default: X)"'],
  ['(?:go|goes|went) on', '"continue", "resume" or "keep running"'],
  ['(?:nobody|somebody)', '"no one", "no process", "another user", or the passive'],
  ['whoever', 'name who: "the caller", "a process that", "a user who"'],
  ['told', '"notified", "reported", "passed", "distinguished"'],
  ['hears? of', '"receives", "learns"'],
  ['anew', '"again", or a verb with re-: "rewrite", "recreate"'],
  ['mend(?:s|ed)?', '"fix"'],
  ['cut off', '"interrupted"'],
  ['dear', '"expensive"'],
  ['behind our back', '"outside goqemu"'],
  ['by hand', '"manually"'],
  ['as a rule', '"usually"'],
  ['(?:and|or) the like', 'name them, or "similar"'],
  ['for people', '"human-readable"'],
  ['lead(?:s|ing)? into', '"maps to", "is forwarded to"'],
];

/** What has been read through. A root is added once it is clean, and stays. */
const roots = [
  'README.md',
  'CONTRIBUTING.md',
  'docs',
  'examples',
  'test/cli',
  'test/e2e',
  'test/integration',
  'packages/backend-qemu/src',
  'packages/core/src',
  'packages/goqemu/src/arguments',
  'packages/goqemu/src/cli.ts',
  'packages/goqemu/src/commands',
  'packages/goqemu/src/completion',
  'packages/goqemu/src/host',
  'packages/goqemu/src/lab',
  'packages/goqemu/src/loader',
  'packages/goqemu/src/pages',
  'packages/goqemu/src/reference',
  'packages/goqemu/src/render',
  'packages/goqemu/src/sdk',
  'packages/goqemu/src/shell',
  'packages/goqemu/src/terminal',
  'packages/guest/src',
  'packages/image/src',
  'packages/lab/src',
  'packages/machine/src',
  'packages/network/src',
  'packages/protocol/src',
  'packages/spec/src',
  'packages/test/src',
  'packages/testing/src',
  'packages/vm/src',
];

/**
 * What is not goqemu's own English: QEMU's documentation, text quoted from others, the user account `nobody`, the
 * checkpoint “by hand” that stored states of earlier versions have.
 */
const notOurs = {
  files: /(?:^|\/)generated\//,
  quoted: /“[^”\n]*”|(["'])nobody\1|'(?:taken: )?by hand'|\bnobody:|output:[a-z]+ -->[\s\S]*?<!-- \/output/g,
};

interface Finding {
  readonly line: number;
  readonly found: string;
  readonly better: string;
}

function findings(text: string): Finding[] {
  const own = text.replaceAll(notOurs.quoted, (quoted) => quoted.replaceAll(/[^\n]/g, ' '));
  return phrases
    .flatMap(([phrase, better]) =>
      [...own.matchAll(asPattern(phrase))].map(({ 0: found, index }) => ({
        line: own.slice(0, index).split('\n').length,
        found: found.replaceAll(/\s+(?:(?:\*|\/\/)\s+)?/g, ' '),
        better,
      })),
    )
    .sort((a, b) => a.line - b.line);
}

/** A line break inside of a comment is followed by the comment's own mark. */
function asPattern(phrase: string): RegExp {
  return new RegExp(`\\b${phrase.replaceAll(' ', '\\s+(?:(?:\\*|//)\\s+)?')}\\b`, 'gi');
}

function textFiles(path: string): string[] {
  if (statSync(path).isFile()) return /\.(?:ts|md)$/.test(path) && !notOurs.files.test(path) ? [path] : [];
  return readdirSync(path).flatMap((name) => (name === 'node_modules' ? [] : textFiles(join(path, name))));
}

test('sources, help and docs are written in plain English', () => {
  const found = roots
    .flatMap(textFiles)
    .flatMap((path) =>
      findings(readFileSync(path, 'utf8')).map(
        ({ line, found, better }) => `${path}:${line}: "${found}"; better: ${better}`,
      ),
    );
  assert.equal(found.length, 0, found.join('\n'));
});

test('a phrase is found across lines of a comment, and not in what others wrote', () => {
  const comment = '/**\n * The guest goes\n * on. Described by hand.\n */\nspawn();\n// QEMU says “nobody told me”';
  assert.deepEqual(
    findings(comment).map(({ line, found }) => `${line} ${found}`),
    ['2 goes on', '3 by hand'],
  );
  assert.deepEqual(findings("guestIn('nobody'); const passwd = 'nobody:x:65534';"), []);
});
