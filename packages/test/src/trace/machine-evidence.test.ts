import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { scriptedScreen, squareAt } from '../fixture/scripted-screen.fixture.ts';
import type { TestedGuest } from '../tested-guest.ts';
import { machineEvidence } from './machine-evidence.ts';

const look = { seconds: 1, mask: (text: string) => text, readConsole: async () => 'login: ' };
const of = (guest: TestedGuest, state = 'running') => machineEvidence({ name: 'web', state, guest }, look);
const absent = () => {
  const message = 'machine "web" has no screen';
  return Promise.reject(new GoqemuError({ code: 'display-absent', source: 'user', message, hint: '' }));
};

test('of a machine with a display there is a picture, and nothing is missing of one without', async () => {
  const picture = await squareAt(4, 4);
  const shown = await of(scriptedScreen(picture));
  assert.deepEqual([shown.screen, shown.missing], [picture.toString('base64'), []]);
  const { exec, screen } = scriptedScreen();
  const without = await of({ exec, screen: { ...screen, screenshot: absent } });
  assert.deepEqual([without.screen, without.missing], [undefined, []]);
  assert.equal((await of({ exec })).screen, undefined);
});

test('a picture that is too large is left out, which is said, and a machine that is switched off has none', async () => {
  const large = await of(scriptedScreen(Buffer.alloc(256 * 1024 + 1)));
  assert.deepEqual([large.screen, large.missing], [undefined, ['screen: its picture is larger than 256 KiB']]);
  const off = scriptedScreen(await squareAt(4, 4));
  assert.equal((await of(off, 'stopped')).screen, undefined);
  assert.equal(off.taken(), 0);
});
