import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoqemuError, shownValue } from '@goqemu/core';
import { defineLab, evaluateLab } from '@goqemu/lab';
import { hostileTexts } from '../e2e/hostile-text.ts';

const texts = hostileTexts();

test('200 hostile texts as names are refused by name or are names', () => {
  assert.equal(new Set(texts).size, 200);
  for (const text of texts) {
    const makers = [
      () => defineLab({ name: text }, () => undefined),
      () => defineLab({ name: 'x' }, (lab) => void lab.vm(text)),
      () => defineLab({ name: 'x' }, (lab) => void lab.vm('box', { hostname: text })),
    ];
    for (const make of makers) {
      try {
        evaluateLab(make(), { labFile: '/nowhere/lab.ts', stack: 'default' });
        assert.match(text, /^[a-z0-9-]+$/i, JSON.stringify(text));
      } catch (error) {
        if (!isGoqemuError(error)) throw error;
        assert.equal(error.source, 'user');
        // Of a long one, the beginning.
        assert.ok(error.message.includes(shownValue(text)) || error.message.includes(text), error.message);
      }
    }
  }
});
