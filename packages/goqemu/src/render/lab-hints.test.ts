import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, GoqemuError } from '@goqemu/core';
import { withLabHint, withLabHints } from './lab-hints.ts';

const facts = {
  code: 'stage-stalled',
  source: 'environment',
  subject: 'web',
  message: 'web did not become ready',
  hint: 'look at the whole console with `goqemu logs`; on a slow host give the stage more time',
} as const;
const stalled = new GoqemuError(facts);

test('a hint of a library becomes one that the author of a lab can type', () => {
  const { hint, message, subject } = withLabHint(stalled) as GoqemuError;
  assert.equal(hint, 'read its whole console with: goqemu logs web');
  assert.deepEqual([message, subject], [stalled.message, 'web']);
  const late = new GoqemuError({ ...facts, data: { stage: 'ssh-banner' } });
  assert.match((withLabHint(late) as GoqemuError).hint ?? '', /write timeouts: \{ sshBanner: '20 min' \} in the lab$/);
  const own = new GoqemuError({ code: 'usage', source: 'user', message: 'x', hint: 'y' });
  assert.equal(withLabHint(own), own);
});

test('everything that a host throws has such a hint', async () => {
  class Host {
    #secret = stalled;
    async start() {
      throw this.#secret;
    }
    machine() {
      return { name: 'x', open: () => Promise.reject(this.#secret) };
    }
  }
  const host = withLabHints(new Host());
  await assert.rejects(host.start(), { hint: /goqemu logs web$/ });
  await assert.rejects(host.machine().open(), { hint: /goqemu logs web$/ });
  assert.equal(host.machine().name, 'x');
});

/** Options of the libraries, which no lab has. */
const ofLibraries =
  /runtimeFolder|guestAgent:|docs\/machine\.md|mark it repeatable|timeoutMs|firmware\.code|give the path of the executable|`goqemu logs`/;

test('no hint of what a lab reaches names an option of a library', () => {
  const found: string[] = [];
  const packages = join(import.meta.dirname, '../../..');
  const files = ['machine', 'guest', 'network', 'image'].flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(packages, name, 'src', file),
    ),
  );
  for (const file of files) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    for (const [, code = '', hint = ''] of readFileSync(file, 'utf8').matchAll(
      /code: '([a-z-]+)',(?:(?!code: )[\s\S])*?hint:\s*(.*)/g,
    )) {
      if (!ofLibraries.test(hint)) continue;
      const error = new GoqemuError({
        code: code as ErrorCode,
        source: 'user',
        message: 'x',
        subject: 'web',
        hint: hint.replace(/['`"],?$/, ''),
      });
      const shown = (withLabHint(error) as GoqemuError).hint ?? '';
      if (ofLibraries.test(shown)) found.push(`${code}: ${shown}`);
    }
  }
  assert.deepEqual(found, []);
});
