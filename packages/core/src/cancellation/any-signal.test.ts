import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { anySignal } from './any-signal.ts';

test('it aborts with the first of its signals, for that one’s reason', () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const any = anySignal(one.signal, undefined, two.signal);
  two.abort('two');
  one.abort('one');
  assert.deepEqual([any.aborted, any.reason], [true, 'two']);
  assert.equal(anySignal(one.signal, undefined), one.signal);
  assert.equal(anySignal(undefined, undefined), undefined);
  assert.equal(anySignal(new AbortController().signal, one.signal).reason, 'one');
});

test('a time limit that no one else holds fires, whatever is collected meanwhile', () => {
  const program = `
    import { anySignal } from ${JSON.stringify(new URL('./any-signal.ts', import.meta.url).href)};
    const any = (() => anySignal(new AbortController().signal, anySignal(AbortSignal.timeout(300), new AbortController().signal)))();
    any.addEventListener('abort', () => { console.log(any.reason.name); clearInterval(collecting); });
    const collecting = setInterval(() => global.gc(), 20);
    setTimeout(() => clearInterval(collecting), 10_000).unref();
  `;
  const flags = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program];
  assert.equal(execFileSync(process.execPath, flags, { encoding: 'utf8', timeout: 60_000 }), 'TimeoutError\n');
});
