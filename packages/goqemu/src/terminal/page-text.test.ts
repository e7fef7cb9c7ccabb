import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenPager } from './page-text.ts';

test('less is the pager of Linux and macOS, with the options of LESS or those of git', () => {
  for (const system of ['linux', 'darwin'] as const) {
    assert.deepEqual(chosenPager({ system, env: {} }), { command: 'less', args: ['-R'], env: { LESS: 'FRX' } });
    assert.equal(chosenPager({ system, env: { LESS: '-i' } })?.env.LESS, '-i');
  }
  assert.equal(chosenPager({ system: 'win32', env: {} }), undefined);
});

test('PAGER is a command line of the shell', () => {
  assert.deepEqual(chosenPager({ system: 'linux', env: { PAGER: 'less -i' } })?.args, ['-c', 'less -i']);
  const onWindows = chosenPager({ system: 'win32', env: { PAGER: 'less -i' } });
  assert.deepEqual([onWindows?.command, onWindows?.args.at(-1)], ['cmd.exe', 'less -i']);
});

test('without a pager text is printed at once', () => {
  for (const env of [{ PAGER: '' }, { PAGER: 'cat' }, { TERM: 'dumb' }, { TERM: 'dumb', PAGER: 'less' }])
    assert.equal(chosenPager({ system: 'linux', env }), undefined);
});
