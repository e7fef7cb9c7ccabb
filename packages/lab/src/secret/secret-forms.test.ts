import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellQuote } from '@goqemu/core';
import fc from 'fast-check';
import { maskText } from './mask.ts';
import { secretForms } from './secret-forms.ts';

test('a secret is found in base64 wherever it stands, in hexadecimal, in a URL, in JSON and in a script', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 12, maxLength: 40, unit: 'binary' }).filter((text) => /^\P{Cs}*$/u.test(text)),
      fc.string({ maxLength: 9 }),
      fc.string({ maxLength: 9 }),
      (secret, before, after) => {
        const forms = secretForms(secret);
        const around = Buffer.from(`${before}${secret}${after}`);
        for (const text of [
          around.toString('base64'),
          around.toString('base64url'),
          around.toString('hex'),
          around.toString('hex').toUpperCase(),
          `?q=${encodeURIComponent(secret)}&x`,
          JSON.stringify({ secret }),
          ...(secret.includes('\0') ? [] : inScripts(secret)),
        ])
          assert.notEqual(maskText(text, [secret, ...forms]), text, text);
      },
    ),
  );
});

/** A script cannot carry a NUL character. */
function inScripts(secret: string): readonly string[] {
  const script = `run ${shellQuote(secret)} it`;
  const nested = `sh -c ${shellQuote(script)}`;
  return [script, nested, JSON.stringify({ script: nested }), Buffer.from(script).toString('base64')];
}

test('what a form would say of a short secret is too common to be masked', () => {
  assert.deepEqual(secretForms('ab'), []);
});
