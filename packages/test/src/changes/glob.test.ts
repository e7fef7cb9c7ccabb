import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globPattern } from './glob.ts';

test('a path pattern stays within a name, or does not', () => {
  const cases: readonly [glob: string, path: string, isMatch: boolean][] = [
    ['/etc/**', '/etc', true],
    ['/etc/**', '/etc/a/b', true],
    ['/etc/**', '/etcetera', false],
    ['/etc/*', '/etc/a', true],
    ['/etc/*', '/etc/a/b', false],
    ['/etc/**/*.conf', '/etc/a.conf', true],
    ['/etc/**/*.conf', '/etc/a/b.conf', true],
    ['/etc/a?c', '/etc/abc', true],
    ['/etc/a.c', '/etc/abc', false],
    ['/srv/[a](b)', '/srv/[a](b)', true],
  ];
  for (const [glob, path, isMatch] of cases) assert.equal(globPattern(glob).test(path), isMatch, `${glob} ${path}`);
});
