import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GoqemuError } from '@goqemu/core';
import { forgetState, knownStates } from './known-states.ts';
import type { MachineState } from './lab-state.ts';
import { FileStateStorage } from './state-storage.ts';

const lineage = '0123456789ab';

test('a state is known where it was last written, and is there while any of its files names it', async () => {
  const base = await mkdtemp(join(tmpdir(), 'goqemu-states-'));
  try {
    const home = join(base, 'home');
    const stateFolder = join(base, '.goqemu/web/default');
    const storage = new FileStateStorage({ home, stateFolder, labFolder: base, lab: 'web', stack: 'default' });
    await storage.register(lineage);
    const place = { lineage, lab: 'web', stack: 'default', stateFolder };
    assert.deepEqual(await knownStates(home), [{ ...place, isThere: false }]);
    await mkdir(stateFolder, { recursive: true });
    for (const [name, text, isThere] of [
      ['state.json', '{"lineage":"ba9876543210"}', false],
      ['journal.ndjson', `1 damaged {"lineage":"${lineage}"`, true],
    ] as const) {
      await writeFile(join(stateFolder, name), text);
      assert.deepEqual(await knownStates(home), [{ ...place, isThere }], name);
    }
    for (const name of ['ffffffffffff.json', 'notes.txt']) await writeFile(join(home, 'states', name), '{"version":1}');
    assert.equal((await knownStates(home)).length, 1, 'what is no note is left alone');
    await storage.write(`secret-key-${lineage}`, 'key');
    await forgetState(home, lineage);
    assert.deepEqual(await knownStates(home), []);
    assert.deepEqual(await readdir(join(home, 'keys')), []);
  } finally {
    await rm(base, { recursive: true });
  }
});

test('a state whose machines are in another folder of goqemu is refused, until that folder has them no more', async () => {
  const base = await mkdtemp(join(tmpdir(), 'goqemu-states-'));
  try {
    const stateFolder = join(base, '.goqemu/web/default');
    const at = (home: string, folder = stateFolder) =>
      new FileStateStorage({ home, stateFolder: folder, labFolder: base, lab: 'web', stack: 'default' });
    const state = { lineage, resources: { machine: { web: {} as MachineState } } };
    const [first, other] = [join(base, 'first'), join(base, 'other')];
    at(other).checkPlace(state); // of a state of before, which does not say where its machines are
    await at(first).register(lineage);
    at(first).checkPlace(state);
    assert.throws(
      () => at(other).checkPlace(state),
      ({ code, message, hint }: GoqemuError) =>
        code === 'state-elsewhere' &&
        message.includes(first) &&
        message.includes(other) &&
        !!hint?.includes(stateFolder),
    );
    at(other).checkPlace({ lineage, resources: { machine: {} } }); // after a destroy
    await writeFile(join(stateFolder, 'home.json'), '\0\0\0'); // damaged: as if it were not there
    at(other).checkPlace(state);
    await at(first).register(lineage);
    await forgetState(first, lineage);
    at(other).checkPlace(state);
    await at(first).register(lineage);
    await at(first).clear(lineage);
    assert.deepEqual(await readdir(stateFolder), []);
    at(other).checkPlace(state);
  } finally {
    await rm(base, { recursive: true });
  }
});

test('a folder of goqemu is the same by a link', async () => {
  const base = await mkdtemp(join(tmpdir(), 'goqemu-states-'));
  try {
    const [home, link] = [join(base, 'home'), join(base, 'link')];
    const at = (place: string) =>
      new FileStateStorage({
        home: place,
        stateFolder: join(base, 's'),
        labFolder: base,
        lab: 'web',
        stack: 'default',
      });
    await at(home).register(lineage);
    await symlink(home, link);
    at(link).checkPlace({ lineage, resources: { machine: { web: {} as MachineState } } });
  } finally {
    await rm(base, { recursive: true });
  }
});
