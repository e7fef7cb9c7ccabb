import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostProcessTable } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import { isProcessAlive } from './process-alive.ts';

/** A machine of this process, or of one that there is not. */
async function alive(options: { readonly ended: boolean; readonly isThere: boolean }): Promise<boolean> {
  const identity = await hostProcessTable().identify(process.pid);
  const record = { ...identity, startTime: options.isThere ? identity?.startTime : 'another' };
  return await isProcessAlive({ qmp: { ended: options.ended }, record } as unknown as Machine);
}

test('a process runs while its monitor is connected, which asks nothing of the host; after that the host knows', async () => {
  assert.equal(await alive({ ended: false, isThere: false }), true, 'the host was asked');
  assert.equal(await alive({ ended: true, isThere: true }), true);
  assert.equal(await alive({ ended: true, isThere: false }), false);
});
