import assert from 'node:assert/strict';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { HostPlatform } from '@goqemu/core';
import { otherPlatform, temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import type { Machine } from '../machine/machine.ts';
import { loadState, saveState } from './saved-state.ts';
import { stateChannel } from './state-channel.ts';

/** Above what firmware uses. */
const place = 32 * 2 ** 20;
const written = Buffer.from('what the guest has in memory');

/** A machine whose memory the test reads and writes through a file. */
async function machineOn(t: TestContext, ram: string, more: { incoming?: 'defer' }, platform?: HostPlatform) {
  const memoryBackend = { kind: 'file', path: ram, share: true } as const;
  return testMachine(t, { startPaused: true, memoryBackend, ...more }, platform ? { platform } : {});
}

async function writeAt(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(written, 0, written.length, place);
  } finally {
    await file.close();
  }
}

const through = (machine: Machine) => ({ channel: stateChannel(machine.record) });

async function goesAndComes(t: TestContext, platform?: HostPlatform): Promise<void> {
  const folder = await temporaryFolder(t);
  const [ram, state, otherRam, devices] = ['ram', 'state', 'other', 'devices'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const first = await machineOn(t, ram, {}, platform);
  await writeAt(ram);
  await saveState(first.qmp, state, { form: 'stream', ...through(first) });
  assert.ok((await readFile(state)).includes(written), 'the RAM is in the state');
  assert.equal((await stat(state)).mode & 0o777, 0o600);

  const second = await machineOn(t, otherRam, { incoming: 'defer' }, platform);
  await loadState(second.qmp, state, { form: 'stream', ...through(second) });
  assert.equal(await second.status(), 'prelaunch');
  const memory = await readFile(otherRam);
  assert.deepEqual(memory.subarray(place, place + written.length), written);

  for (const machine of [first, second]) {
    const file = `${devices}-${machine.record.pid}`;
    await machine.resume();
    await machine.pause();
    await saveState(machine.qmp, file, through(machine));
    assert.ok(!(await readFile(file)).includes(written), 'a state of the devices has no RAM, also after a whole one');
  }
}

test('a state with all of its RAM goes out of one QEMU and into another', (t) => goesAndComes(t));

test('where Node opens no Unix sockets, it goes over loopback with the key of the monitors', (t) =>
  goesAndComes(t, otherPlatform('win32', { temporaryFolder: '/tmp' })));

test('a state that is no state ends the loading, and its reason is reported', async (t) => {
  const folder = await temporaryFolder(t);
  const state = join(folder, 'state');
  await writeFile(state, 'nothing of the kind');
  const machine = await testMachine(t, { startPaused: true, incoming: 'defer' });
  await assert.rejects(loadState(machine.qmp, state, { form: 'stream', ...through(machine) }));
});

test('a file that is missing is found out before QEMU is asked', async (t) => {
  const machine = await testMachine(t, { startPaused: true, incoming: 'defer' });
  await assert.rejects(loadState(machine.qmp, '/nowhere/state', { form: 'stream', ...through(machine) }), {
    code: 'ENOENT',
  });
  assert.equal((await machine.qmp.execute('query-status')).status, 'inmigrate');
});
