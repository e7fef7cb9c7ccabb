import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeBackend, FakeHost, LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { Engine } from '../engine/engine.ts';
import { stateFolderOf } from './state-folder.ts';

const lab = (script = 'echo') => defineLab({ name: 'web' }, (l) => void l.vm('web').run('one', script));

async function applied(): Promise<LabBench> {
  const bench = new LabBench({ labFile: import.meta.filename });
  await bench.apply(lab());
  return bench;
}

test('a state that is cut short, empty or gone is rebuilt from the save before it', async () => {
  for (const times of [1, 2]) {
    const bench = await applied();
    if (times === 2) await bench.apply(lab('changed'));
    const definition = times === 2 ? lab('changed') : lab();
    const whole = bench.storage.files.get('state') ?? '';
    for (const damage of [whole.slice(0, 100), '', 'not JSON', undefined]) {
      if (damage === undefined) bench.storage.files.delete('state');
      else bench.storage.files.set('state', damage);
      const plan = await bench.plan(definition);
      assert.deepEqual(plan.operations, []);
      assert.equal(plan.notices[0]?.code, 'state-healed');
    }
    const { plan } = await bench.apply(lab('again'));
    assert.equal(plan.operations.length, 2);
    assert.equal(JSON.parse(bench.storage.files.get('state') ?? '').serial, times + 1);
  }
});

test('a damaged state without a save before it is an error that names the file, and nothing is touched', async () => {
  const bench = await applied();
  for (const file of ['state-before', 'journal-before'] as const) bench.storage.files.delete(file);
  bench.storage.files.set('state', '{"format":');
  await assert.rejects(bench.plan(lab()), { code: 'state-invalid', location: { file: 'memory:state' } });
  bench.storage.files.set('state', JSON.stringify({ format: 'goqemu-state', version: 1 }));
  await assert.rejects(bench.plan(lab()), { code: 'state-invalid' });
  assert.equal(bench.host.machine('web')?.status, 'running');
});

test('a state of a newer goqemu, of another lab or of another backend is refused', async () => {
  const bench = await applied();
  const state = JSON.parse(bench.storage.files.get('state') ?? '') as Record<string, unknown>;
  const refused = async (change: object, code: string) => {
    bench.storage.files.set('state', JSON.stringify({ ...state, ...change }));
    await assert.rejects(bench.plan(lab()), { code });
  };
  await refused({ version: 3 }, 'state-newer');
  await refused({ lab: 'other' }, 'state-foreign');
  await refused({ stack: 'other' }, 'state-foreign');
  await refused({ backend: 'cluster' }, 'state-foreign');
});

test('a journal with garbage at its end is read up to the garbage, and continues from there', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  let appends = 0;
  bench.storage.beforeChange = (kind) => {
    if (kind === 'append' && ++appends > 3) throw new Error('the disk is gone');
    if (kind !== 'append' && appends > 3) throw new Error('the disk is gone');
  };
  await assert.rejects(bench.apply(lab()));
  bench.storage.beforeChange = () => undefined;
  const sound = bench.storage.files.get('journal') ?? '';
  assert.ok(sound.split('\n').length >= 3);
  for (const garbage of ['["00000000",9,{}]\n', '\0\0\0\0', '["', '\n\n{}\n']) {
    bench.storage.files.set('journal', sound + garbage);
    assert.ok((await bench.plan(lab())).operations.length > 0);
  }
  await bench.apply(lab());
  assert.deepEqual((await bench.plan(lab())).operations, []);
  assert.equal(bench.host.machines.size, 1);
});

test('a journal of another lineage is refused', async () => {
  const [one, two] = [await applied(), await applied()];
  const journal = (two.storage.files.get('journal-before') ?? '').replaceAll('"serial":0', '"serial":1');
  assert.ok(journal !== '');
  const state = JSON.parse(one.storage.files.get('state') ?? '') as Record<string, unknown>;
  one.storage.files.set('state', JSON.stringify({ ...state, lineage: 'ffffffffffff', serial: 0 }));
  one.storage.files.set('journal', two.storage.files.get('journal-before') ?? '');
  await assert.rejects(one.plan(lab()), { code: 'state-foreign' });
});

test('a second apply at once leaves with the holder of the lock', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-state-'));
  try {
    const host = new FakeHost();
    let proceed: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const engine = (fault: () => Promise<void>) =>
      new Engine({
        backend: new FakeBackend({ host, fault: async ({ verb }) => (verb === 'create' ? fault() : undefined) }),
        lab: 'web',
        labFolder: folder,
        labFile: join(folder, 'lab.ts'),
        stateFolder: stateFolderOf(folder, 'web'),
        home: join(folder, 'home'),
        command: 'goqemu apply',
      });
    const first = engine(async () => {
      started();
      await waiting;
    });
    const plan = await first.plan(await first.evaluate(lab()));
    const applying = first.apply(plan);
    await running;
    const second = engine(async () => undefined);
    const other = await second.plan(await second.evaluate(lab('other')));
    await assert.rejects(second.apply(other), { code: 'locked' });
    assert.equal((await second.status()).machines.length, 1, 'reading takes no lock');
    proceed();
    assert.equal((await applying).outcome, 'done');
    assert.deepEqual((await readdir(stateFolderOf(folder, 'web'))).sort(), [
      'history.ndjson',
      'home.json',
      'journal.before.ndjson',
      'state.before.json',
      'state.json',
    ]);
    assert.match(await readFile(join(folder, 'lab.lock.json'), 'utf8'), /"debian-12 \(amd64\)"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the history keeps what was done, and a torn line costs only itself', async () => {
  const bench = await applied();
  await bench.tryApply(lab('false'));
  bench.storage.files.set('history', `${bench.storage.files.get('history')}{"startedAt":"20`);
  const history = await bench.engine('web').history();
  assert.deepEqual(
    history.map((entry) => entry.outcome),
    ['done', 'failed'],
  );
  assert.deepEqual(history[0]?.operations, { create: 1, run: 1 });
  assert.equal(history[1]?.error?.code, 'step-failed');
});

test('the key of the secrets is readable by its owner alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-state-'));
  try {
    const definition = defineLab({ name: 'web' }, (l) => void l.vm('web').capture('token', 'cat', { secret: true }));
    const engine = new Engine({
      backend: new FakeBackend(),
      lab: 'web',
      labFolder: folder,
      labFile: join(folder, 'lab.ts'),
      stateFolder: stateFolderOf(folder, 'web'),
      home: join(folder, 'home'),
      command: 'goqemu apply',
    });
    await engine.apply(await engine.plan(await engine.evaluate(definition)));
    const [key] = await readdir(join(folder, 'home', 'keys'));
    assert.equal((await stat(join(folder, 'home', 'keys', key ?? ''))).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, 'home', 'keys'))).mode & 0o777, 0o700);
  } finally {
    await rm(folder, { recursive: true });
  }
});
