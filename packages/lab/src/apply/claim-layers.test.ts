import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend, type FakeBackendOptions, FakeHost } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { Engine } from '../engine/engine.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import type { StoredFile } from '../state/state-storage.ts';

/** Ports are chosen by the place of the state. */
class OwnFolder extends MemoryStateStorage {
  readonly #seed: number;

  constructor(seed: number) {
    super();
    this.#seed = seed;
  }

  override path(file: StoredFile): string {
    return `/labs/${this.#seed}/${file}`;
  }
}

/** A lab of its own on a host that others have theirs on. */
class Tenant {
  readonly #host: FakeHost;
  readonly #seed: number;
  readonly #storage: OwnFolder;

  constructor(host: FakeHost, seed: number) {
    this.#host = host;
    this.#seed = seed;
    this.#storage = new OwnFolder(seed);
  }

  engine(fault?: FakeBackendOptions['fault']): Engine {
    let now = 0;
    return new Engine({
      backend: new FakeBackend({ host: this.#host, ...(fault ? { fault } : {}) }),
      lab: 'web',
      labFolder: import.meta.dirname,
      labFile: import.meta.filename,
      stateFolder: '/nowhere',
      home: '/nowhere',
      command: 'test',
      storage: this.#storage,
      clock: { now: () => ++now },
      random: (bytes) => Buffer.alloc(bytes, this.#seed),
    });
  }

  /** @returns what went wrong, one line for each */
  async apply(definition: ReturnType<typeof lab>, fault?: FakeBackendOptions['fault']): Promise<readonly string[]> {
    const engine = this.engine(fault);
    const plan = await engine.plan(await engine.evaluate(definition));
    const { errors } = await engine.apply(plan);
    return errors.map(({ resource, error }) => `${resource}: ${error.message}`);
  }

  /** The lab goes, and all that it owns on the host with it. */
  async leave(): Promise<void> {
    const engine = this.engine();
    await engine.apply(await engine.planDestroy());
    await engine.pruneLayers();
  }

  async plan(definition: ReturnType<typeof lab>): Promise<readonly string[]> {
    const engine = this.engine();
    const { operations } = await engine.plan(await engine.evaluate(definition));
    return operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason}`);
  }

  async layerOf(checkpoint: string): Promise<string> {
    const { checkpoints } = await this.engine().listCheckpoints();
    return checkpoints.find(({ descriptions }) => descriptions[0] === checkpoint)?.machines[0]?.layer ?? '';
  }

  /** Whether the lab's checkpoint is there, and can be gone back to. */
  async hasCheckpoint(name: string): Promise<boolean> {
    if (!this.#host.layers.has(await this.layerOf(name))) return false;
    await this.engine().restoreCheckpoint(name);
    return true;
  }
}

const lab = (checkpoints: readonly string[], kind: 'vm' | 'template' = 'vm') =>
  defineLab({ name: 'web' }, (l) => {
    const web = kind === 'vm' ? l.vm('web') : l.template('web');
    for (const step of ['one', 'two', 'three']) {
      web.run(step, `do ${step}`);
      if (checkpoints.includes(`after-${step}`)) web.checkpoint(`after-${step}`);
    }
  });

/** A lab that has booted and no more, and another one that has had all of its layers cut meanwhile. */
async function bootedBeside(definition: ReturnType<typeof lab>): Promise<{ mine: Tenant; theirs: Tenant }> {
  const host = new FakeHost();
  const mine = new Tenant(host, 1);
  const failed = await mine.apply(definition, ({ verb }) => {
    if (verb === 'start') throw new Error('no boot');
  });
  assert.deepEqual(failed, ['web: no boot']);
  const theirs = new Tenant(host, 2);
  assert.deepEqual(await theirs.apply(definition), []);
  return { mine, theirs };
}

test('a step whose layer another lab has cut makes its own lab an owner of that', async () => {
  const definition = lab(['after-one']);
  const { mine, theirs } = await bootedBeside(definition);
  assert.deepEqual(await mine.plan(definition), [
    'start web: it was made and has not been ready yet: the apply continues with it',
    'run web/one: it has not run yet',
    'run web/two: an earlier step runs',
    'run web/three: an earlier step runs',
  ]);
  assert.deepEqual(await mine.apply(definition), []);
  await theirs.leave();
  assert.equal(await mine.hasCheckpoint('after-one'), true);
});

test('a layer that its only owner gives up while the step runs is cut', async () => {
  const definition = lab(['after-one']);
  const { mine, theirs } = await bootedBeside(definition);
  const failed = await mine.apply(definition, async ({ verb, subject }, moment) => {
    if (verb === 'runStep' && subject === 'web/one' && moment === 'middle') await theirs.leave();
  });
  assert.deepEqual(failed, []);
  assert.deepEqual(await mine.plan(definition), []);
  assert.equal(await mine.hasCheckpoint('after-one'), true);
});

test('a template that another lab has made stays when that lab goes', async () => {
  const host = new FakeHost();
  const definition = lab(['after-two'], 'template');
  const [mine, theirs] = [new Tenant(host, 1), new Tenant(host, 2)];
  assert.deepEqual(await theirs.apply(definition), []);
  assert.deepEqual(await mine.plan(definition), ['reuse web: all its layers are cached']);
  assert.deepEqual(await mine.apply(definition), []);
  await theirs.leave();
  assert.deepEqual(await mine.plan(definition), []);
});

test('a checkpoint that the lab names later, on a layer of another lab, stays when that lab goes', async () => {
  const host = new FakeHost();
  const [mine, theirs] = [new Tenant(host, 1), new Tenant(host, 2)];
  assert.deepEqual(await theirs.apply(lab([])), []);
  assert.deepEqual(await mine.apply(lab([])), []);
  assert.deepEqual(await mine.apply(lab(['after-one'])), []);
  const layer = host.layers.get(await mine.layerOf('after-one'));
  assert.equal(layer?.owners.size, 2);
});

test('a layer that disappears between the plan and its naming is reported, and the next apply makes it again', async () => {
  const host = new FakeHost();
  const definition = lab(['after-two'], 'template');
  const [mine, theirs] = [new Tenant(host, 1), new Tenant(host, 2)];
  assert.deepEqual(await theirs.apply(definition), []);
  const failed = await mine.apply(definition, async ({ verb }, moment) => {
    if (verb === 'claimLayers' && moment === 'before') await theirs.leave();
  });
  assert.deepEqual(failed, ['web: the layer of checkpoint "after-two" has gone since the plan was made']);
  assert.deepEqual(await mine.apply(definition), []);
  assert.deepEqual(await mine.plan(definition), []);
});
