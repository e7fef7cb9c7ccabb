import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecOptions } from './command-options.ts';
import { readCommandOptions } from './read-command-options.ts';

const read = (options: unknown, command: unknown = 'true') =>
  readCommandOptions('exec', command as string, options as ExecOptions, 600_000);

test('sudo is root, a time-out has a unit, and the default is that of the VM', () => {
  assert.deepEqual(read({ sudo: true, timeout: '2 s' }).options, { user: 'root', timeoutMs: 2000 });
  assert.deepEqual(read(undefined), { options: { timeoutMs: 600_000 }, check: false });
  assert.equal(read({ timeout: Number.POSITIVE_INFINITY }).options.timeoutMs, Number.POSITIVE_INFINITY);
  assert.equal(read({ check: true }).check, true);
});

test('what makes no sense is refused by name', () => {
  const mistakes: readonly (readonly [unknown, RegExp])[] = [
    [{ timeot: '1 s' }, /there is no option "timeot"/],
    [{ timeout: 'soon' }, /timeout: expected a duration/],
    [{ sudo: true, user: 'web' }, /sudo or user, not both/],
    [{ environment: { A: 1 } }, /environment.A: expected a text, got 1/],
    [{ input: 5 }, /input: expected a text, bytes or an async iterable of them, got 5/],
    [{ pty: 'yes' }, /pty: expected true or \{ columns, rows \}/],
    [{ signal: {} }, /signal: expected (an )?AbortSignal/],
  ];
  for (const [options, expected] of mistakes)
    assert.throws(() => read(options), { code: 'option-invalid', message: expected });
  for (const command of ['', [], 5, ['ok', 5]])
    assert.throws(() => read({}, command), {
      code: 'option-invalid',
      message: /command: expected a script or a list of words|expected/,
    });
});
