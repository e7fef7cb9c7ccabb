import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKeptVmState, writeVmState } from './vm-state.ts';

test('the file of another machine does not count, and that of a home that was moved does', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-vm-state-'));
  t.after(() => rm(home, { recursive: true }));
  const [own, other] = ['web-0123456789ab', 'web-ba9876543210'].map((lab) =>
    join(home, 'labs', lab, 'web/vm.json'),
  ) as [string, string];
  const uuids = new Map([own, other].map((path) => [path, randomUUID()]));
  for (const [path, uuid] of uuids) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeVmState(path, { version: 1, uuid, disk: 'disk-1.qcow2' });
  }
  await copyFile(other, own);
  const kept = readKeptVmState(own);
  assert.equal(kept?.value?.uuid, uuids.get(own));
  assert.match(kept?.damage ?? '', /it does not hold what goqemu wrote/);
  await copyFile(`${other}.copy`, `${own}.copy`);
  assert.equal(readKeptVmState(own)?.value, undefined);
  await cp(join(home, 'labs'), join(home, 'moved/labs'), { recursive: true });
  assert.equal(readKeptVmState(join(home, 'moved/labs/web-ba9876543210/web/vm.json'))?.value?.uuid, uuids.get(other));
});
