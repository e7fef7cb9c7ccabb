import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorCodes } from '../../packages/core/src/errors/error-codes.ts';
import { renderErrorReference } from '../../packages/core/src/errors/error-reference.ts';

test('docs/errors.md is what the registry says (npm run docs)', () => {
  assert.equal(readFileSync('docs/errors.md', 'utf8'), renderErrorReference());
});

test('each code is in kebab case, stands in one area, and says when it occurs and what to do', () => {
  const seen = new Set<string>();
  for (const { codes } of Object.values(errorCodes))
    for (const [code, { when, fix }] of Object.entries(codes)) {
      assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok(!seen.has(code), `${code} stands in two areas`);
      seen.add(code);
      assert.match(when, /\.$/, code);
      assert.match(fix, /\.$/, code);
    }
});
