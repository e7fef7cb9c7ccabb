import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import { FakeBackend, FakeHost } from '@goqemu/testing';
import { defineLab, type LabDefinition } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { knownStates } from '../state/known-states.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { secret } from '../value/secret.ts';
import { sh } from '../value/sh.ts';
import { Engine } from './engine.ts';

/** Each is done to the bytes that a file has; undefined takes it away. */
const damages: Record<string, (text: Buffer, foreign: Buffer) => Buffer | 'folder' | undefined> = {
  missing: () => undefined,
  empty: () => Buffer.alloc(0),
  'cut short': (text) => text.subarray(0, Math.floor(text.length / 2)),
  'cut in its last line': (text) => text.subarray(0, -3),
  'full of zeros': (text) => Buffer.alloc(text.length),
  'zeros behind its beginning': (text) => Buffer.concat([text.subarray(0, 60), Buffer.alloc(text.length)]),
  garbage: (text) => Buffer.from(text.map((byte) => byte ^ 0x55)),
  'other in one bit': (text) => turnedOver(text, Math.floor(text.length / 2)),
  "another lab's": (_text, foreign) => foreign,
  'a folder': () => 'folder',
};

function turnedOver(text: Buffer, at: number): Buffer {
  const other = Buffer.from(text);
  if (at < other.length) other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

/** A folder with a lab, and the host that its machines are on. */
class Place {
  readonly folder: string;
  readonly host: FakeHost;
  readonly name: string;
  readonly notices: string[] = [];

  constructor(folder: string, name = 'web', host = new FakeHost()) {
    this.folder = folder;
    this.name = name;
    this.host = host;
  }

  /** The same again, for one damage. */
  copy(folder: string): Place {
    cpSync(this.folder, folder, { recursive: true });
    const states = join(folder, 'home/states');
    for (const name of readdirSync(states)) {
      const note = readFileSync(join(states, name), 'utf8');
      writeFileSync(
        join(states, name),
        note.replace(JSON.stringify(this.folder).slice(0, -1), JSON.stringify(folder).slice(0, -1)),
      );
    }
    const host = new FakeHost();
    for (const [id, machine] of this.host.machines) host.machines.set(id, structuredClone(machine));
    for (const [key, layer] of this.host.layers) host.layers.set(key, structuredClone(layer));
    return new Place(folder, this.name, host);
  }

  engine(fault: (verb: string) => void = () => undefined): Engine {
    return new Engine({
      backend: new FakeBackend({ host: this.host, fault: ({ verb }) => fault(verb) }),
      lab: this.name,
      labFolder: this.folder,
      labFile: join(this.folder, 'lab.ts'),
      stateFolder: stateFolderOf(this.folder, this.name),
      home: join(this.folder, 'home'),
      command: 'test',
      emit: (event) => {
        if (event.type === 'notice') this.notices.push(event.message);
      },
    });
  }

  async plan(last = 'two') {
    const engine = this.engine();
    return engine.plan(await engine.evaluate(program(this.name, last)));
  }

  async apply(last = 'two', fault?: (verb: string) => void): Promise<void> {
    const engine = this.engine(fault);
    const plan = await engine.plan(await engine.evaluate(program(this.name, last)));
    const { errors } = await engine.apply(plan);
    const [first] = errors;
    if (first) throw new Error(`${first.resource}: ${first.error.message}`, { cause: first.error });
  }

  /** What `goqemu lock --update` does. */
  async updateLock(): Promise<void> {
    const engine = this.engine();
    await engine.lock(await engine.evaluate(program(this.name, 'two')), { update: true });
  }

  files(): readonly string[] {
    const state = stateFolderOf(this.folder, this.name);
    const lineage = [...this.host.machines.keys()].map((id) => /-([0-9a-f]{12})\//.exec(id)?.[1])[0] ?? '';
    return [
      ...[
        'state.json',
        'state.before.json',
        'journal.ndjson',
        'journal.before.ndjson',
        'history.ndjson',
        'lock',
        'home.json',
      ].map((name) => join(state, name)),
      join(this.folder, 'lab.lock.json'),
      join(this.folder, 'home/keys', `${lineage}.state-key`),
      join(this.folder, 'home/keys', `${lineage}.state-key.copy`),
      join(this.folder, 'home/states', `${lineage}.json`),
    ];
  }
}

function program(name: string, last: string): LabDefinition {
  return defineLab({ name }, (lab) => {
    const lan = lab.network('lan');
    lab
      .vm('web', { image: 'debian-12', networks: { lan } })
      .run('one', 'echo one')
      .checkpoint('after-one')
      .run('secret', sh`keep ${secret('password', { generate: 16 })}`)
      .run('last', `echo ${last}`);
    lab.vm('db', { image: 'debian-12' }).run('one', 'echo db');
  });
}

const scenes: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'applied once': async (place) => place.apply(),
  'applied twice, with a manual checkpoint': async (place) => {
    await place.apply('first');
    await place.apply();
    await place.engine().createCheckpoint({ description: 'mine' });
  },
  'killed in the middle of an apply': async (place) => {
    await place.apply('first');
    await place.engine().createCheckpoint({ description: 'mine' });
    await killed(place, 'runStep');
  },
  'killed while it was made': async (place) => killed(place, 'start'),
};

/** An engine that comes to no end from that verb on. */
async function killed(place: Place, at: string): Promise<void> {
  let reached: () => void = () => undefined;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const copy = `${place.folder}-killed`;
  void place
    .apply('two', (verb) => {
      if (verb !== at) return;
      if (!existsSync(copy)) cpSync(place.folder, copy, { recursive: true });
      reached();
      throw new Error('it was killed');
    })
    .catch(() => undefined);
  await there;
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync(place.folder, { recursive: true });
  cpSync(copy, place.folder, { recursive: true });
  rmSync(copy, { recursive: true });
  writeFileSync(join(stateFolderOf(place.folder, place.name), 'lock'), deadLock);
}

const deadLock = `${JSON.stringify({ identity: { pid: 4194304, startTime: '1', bootId: 'b' }, command: 'goqemu apply', since: new Date(0) })}\n`;

const root = mkdtempSync(join(tmpdir(), 'goqemu-garbled-'));
const foreign = new Place(join(root, 'foreign'), 'shop');
before(async () => {
  mkdirSync(foreign.folder);
  await foreign.apply('first');
  await foreign.apply();
});
after(() => rmSync(root, { recursive: true }));

function damage(path: string, how: (typeof damages)[string], other: string): boolean {
  const text = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (text.length === 0 && !path.endsWith('.ndjson') && !path.endsWith('lock')) return false;
  const content = how(text, existsSync(other) ? readFileSync(other) : Buffer.from('{"of":"another"}\n'));
  rmSync(path, { force: true });
  if (content === 'folder') {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'kept'), 'of another program');
  } else if (content) writeFileSync(path, content);
  return true;
}

/** What a refusal says to do: it names a command, or the file that is to go. */
async function takeWayOut(place: Place, error: unknown, about: string): Promise<void> {
  assert.ok(isGoqemuError(error), `${about}: ${error instanceof Error ? error.stack : String(error)}`);
  assert.notEqual(error.source, 'internal', `${about}: ${error.message}`);
  if (error.hint?.startsWith('goqemu lock --update')) return await place.updateLock();
  assert.match(error.hint ?? '', /delete|remove/, `${about}: ${error.message}; ${error.hint}`);
  const path = error.location?.file ?? error.subject;
  assert.ok(path && existsSync(path), `${about}: no file is named by "${error.message}"`);
  rmSync(path, { recursive: true });
}

async function settles(place: Place, about: string): Promise<void> {
  const layers = new Map([...place.host.layers].map(([key, { stored }]) => [key, stored.descriptions[0]]));
  for (let turn = 0; ; turn++) {
    try {
      await place.plan();
      await place.apply();
      break;
    } catch (error) {
      if (turn > 1) throw new Error(`${about}: no end of refusals`, { cause: error });
      await takeWayOut(place, error, about);
    }
  }
  const { operations, notices } = await place.plan();
  assert.deepEqual(
    operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason}`),
    [],
    about,
  );
  assert.deepEqual(
    notices.filter(({ code }) => code === 'state-healed'),
    [],
    about,
  );
  const names = (await place.engine().machines()).map(({ name }) => name);
  assert.deepEqual(names, ['db', 'web'], about);
  // What no state reaches any more is found by the note of where that state was: goqemu doctor names it.
  const known = await knownStates(join(place.folder, 'home'));
  const lost = known.filter(({ isThere }) => !isThere).map(({ lineage }) => lineage);
  const reached = [...place.host.machines.keys()].filter((id) => !lost.some((lineage) => id.includes(`-${lineage}/`)));
  assert.equal(reached.length, 2, `${about}: a machine is orphaned`);
  for (const [key, description] of layers)
    if (description === 'mine') assert.ok(place.host.layers.has(key), `${about}: the layer of a checkpoint is gone`);
  const { checkpoints } = await place.engine().listCheckpoints();
  for (const { origin, id } of checkpoints) if (origin === 'taken') await place.engine().restoreCheckpoint(id);
}

/** Cut at more places, and one bit turned over at each of these: in the long form. */
function places(text: Buffer, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((text.length * index) / count));
}
if (process.env.GOQEMU_SOAK)
  for (let place = 0; place < 40; place++) {
    damages[`cut at ${place}/40`] = (text) => text.subarray(0, places(text, 40)[place]);
    damages[`turned over at ${place}/40`] = (text) => turnedOver(text, places(text, 40)[place] ?? 0);
  }

/** In the short form every other damage, in every second scene the others: each file is damaged in each way twice. */
const isTaken = (scene: number, file: number, what: number) =>
  Boolean(process.env.GOQEMU_SOAK) || (scene + file + what) % 2 === 0;

let cases = 0;
for (const [number, [scene, prepare]] of Object.entries(scenes).entries()) {
  test(`${scene}, with any one file damaged, a lab is settled by the next apply`, async (t) => {
    const original = new Place(join(root, scene.replaceAll(/\W/g, '-')));
    mkdirSync(original.folder);
    await prepare(original);
    const files = original.files();
    for (const [index] of files.entries()) {
      for (const [turn, [what, how]] of Object.entries(damages).entries()) {
        if (!isTaken(number, index, turn)) continue;
        const place = original.copy(join(root, `case-${++cases}`));
        // The keys of the labs of one home lie side by side: by that one is known as another lab's.
        cpSync(join(foreign.folder, 'home/keys'), join(place.folder, 'home/keys'), { recursive: true });
        const path = place.files()[index] ?? '';
        if (damage(path, how, foreign.files()[index] ?? '')) await settles(place, `${scene}: ${path} is ${what}`);
        rmSync(place.folder, { recursive: true });
      }
    }
    t.diagnostic(`${cases} damages so far`);
  });
}

test('a lab that is destroyed needs no lock file of its images', async () => {
  const place = new Place(join(root, 'destroyed'));
  mkdirSync(place.folder);
  await place.apply();
  truncateSync(join(place.folder, 'lab.lock.json'));
  const engine = place.engine();
  const { errors } = await engine.apply(await engine.planDestroy());
  assert.deepEqual(errors, []);
  assert.equal(place.host.machines.size, 0);
});
