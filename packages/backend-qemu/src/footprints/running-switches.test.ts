import assert from 'node:assert/strict';
import { test } from 'node:test';
import { switchUuid } from '../networks/lab-switch.ts';
import { switchOf } from './running-switches.ts';

const lineage = '0123456789ab';
const uuid = switchUuid(lineage);
const argv = (...words: readonly string[]) => [
  '/usr/bin/node',
  '-e',
  'a script',
  'file:///opt/run-switch.js',
  ...words,
];

test('a switch is known by the last words of its command line, also where a place has blanks', () => {
  const one = switchOf(7, argv('/run/user/1000/goqemu/ab cd', uuid, '/home/me/my qemu/labs/my-shop-0123456789ab'));
  assert.deepEqual(one, {
    ...{ pid: 7, folder: '/run/user/1000/goqemu/ab cd', uuid },
    ...{ home: '/home/me/my qemu', lab: 'my-shop', lineage },
  });
});

test('a command line that only looks like that of a switch is none', () => {
  const label = '/home/me/qemu/labs/shop-0123456789ab';
  assert.equal(switchOf(7, argv('/run/x', switchUuid('0123456789ac'), label)), undefined);
  assert.equal(switchOf(7, argv('/run/x', label)), undefined);
  assert.equal(switchOf(7, ['/usr/bin/less', label]), undefined);
  assert.equal(switchOf(7, argv('/run/x', uuid)), undefined, 'one of a goqemu that gave it no label');
});
