import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError, hasErrorCode } from '@goqemu/core';
import { FakeBackend, type FakeCall, FakeHost } from '@goqemu/testing';
import fc from 'fast-check';
import { defineLab, type LabBuilder, type LabDefinition } from '../definition/define-lab.ts';
import type { MachineBuilder } from '../definition/machine-builder.ts';
import type { LayerOptions } from '../layer/layer-limits.ts';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import type { StoredFile } from '../state/state-storage.ts';
import { Engine } from './engine.ts';

// Random labs, random edits, a fault at any journal write or backend call. After each round an apply without
// faults must bring the host to exactly what a cold build of the same lab gives. GOQEMU_FUZZ_CASES asks for
// more cases, GOQEMU_FUZZ_SEED repeats a run, and GOQEMU_FUZZ_PATH with it one case of it.
const cases = Number(process.env.GOQEMU_FUZZ_CASES ?? 2000);
const seed = Number(process.env.GOQEMU_FUZZ_SEED ?? 20261120);

interface StepModel {
  kind: 'run' | 'waitFor' | 'capture' | 'file' | 'use' | 'timed';
  text: number;
  checkpoint: boolean;
}

interface MachineModel {
  name: string;
  kind: 'vm' | 'template';
  memory: number;
  disk: number;
  from: number;
  port: number;
  steps: StepModel[];
  renamedFrom: string | undefined;
}

interface Edit {
  readonly kind: (typeof editKinds)[number];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const editKinds = [
  'add-machine',
  'add-machine',
  'remove-machine',
  'add-step',
  'add-step',
  'add-step',
  'change-step',
  'remove-step',
  'swap-steps',
  'toggle-checkpoint',
  'memory',
  'disk',
  'rename',
  'port',
  'exchange-ports',
  'copy-machine',
] as const;
const eventKinds = [
  'nothing',
  'nothing',
  'crash-machine',
  'pause-machine',
  'lose-disk',
  'restore-behind',
  'take-checkpoint',
  'restore-checkpoint',
  'restore-declared',
  'fork',
  'fork',
  'lose-layers',
  'neighbour',
  'destroy',
] as const;
const faultKinds = ['none', 'crash', 'crash', 'torn', 'error', 'interrupt', 'kill'] as const;

const edit = fc.record({
  kind: fc.constantFrom(...editKinds),
  a: fc.nat(7),
  b: fc.nat(7),
  c: fc.nat(7),
});
const round = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  event: fc.constantFrom(...eventKinds),
  which: fc.nat(7),
  fault: fc.constantFrom(...faultKinds),
  // Most plans are short: a fault late in a long one is the rarer case.
  at: fc.oneof(fc.nat(12), fc.nat(30), fc.nat(80)),
  parallel: fc.integer({ min: 1, max: 4 }),
});
type Round = typeof round extends fc.Arbitrary<infer R> ? R : never;

// Small enough that layers are coalesced in many cases: a layer of the fake backend takes some KiB.
const layers = fc.record({
  perMachine: fc.integer({ min: 2, max: 4 }),
  budget: fc.constantFrom('4 KiB', '40 KiB', '1 GiB'),
});

class Died extends Error {}

/** Counts the moments at which something could go wrong, and makes it go wrong at one of them. */
class Fuse {
  #left: number;
  readonly #kind: Round['fault'];
  dead = false;
  readonly interrupt = new AbortController();
  readonly kill = new AbortController();

  constructor(kind: Round['fault'], at: number) {
    this.#kind = kind;
    this.#left = kind === 'none' ? Number.POSITIVE_INFINITY : at;
  }

  /** True when the process dies while it writes. */
  tick(writing = false): boolean {
    if (this.dead) throw new Died('dead');
    if (this.#left-- !== 0) return false;
    switch (this.#kind) {
      case 'crash':
      case 'torn':
        this.dead = true;
        if (this.#kind === 'torn' && writing) return true;
        throw new Died('died');
      case 'error':
        throw new GoqemuError({ code: 'fuzz', source: 'environment', message: 'something went wrong' });
      case 'interrupt':
        this.interrupt.abort(new Error('interrupted'));
        return false;
      case 'kill':
        this.interrupt.abort(new Error('interrupted'));
        this.kill.abort(new Error('killed'));
        return false;
      default:
        return false;
    }
  }
}

/** A disk that the process may die on, in the middle of a line. */
class FusedStorage extends MemoryStateStorage {
  readonly #fuse: Fuse;

  constructor(files: Map<StoredFile, string>, stacks: Map<string, Map<StoredFile, string>>, fuse: Fuse) {
    super(files, stacks);
    this.#fuse = fuse;
  }

  protected override another(files: Map<StoredFile, string>, stacks: Map<string, Map<StoredFile, string>>) {
    return new FusedStorage(files, stacks, this.#fuse);
  }

  override async append(file: StoredFile, text: string): Promise<void> {
    if (this.#fuse.tick(true)) {
      this.files.set(file, (this.files.get(file) ?? '') + text.slice(0, text.length / 2));
      throw new Died('died');
    }
    await super.append(file, text);
  }

  override async write(file: StoredFile, text: string): Promise<void> {
    if (this.#fuse.tick(true)) throw new Died('died');
    await super.write(file, text);
  }

  override async remove(file: StoredFile): Promise<void> {
    if (this.#fuse.tick(true)) throw new Died('died');
    await super.remove(file);
  }
}

class World {
  readonly host: FakeHost;
  readonly files = new Map<StoredFile, string>();
  readonly stacks = new Map([['default', this.files]]);
  now = 1_000_000;
  /** Layers that were taken away from the store by an accident. */
  readonly lost = new Set<string>();
  /** By description: the disks that were there when a checkpoint was begun. */
  readonly moments = new Map<string, readonly string[]>();
  /** How many layers were coalesced. */
  coalesced = 0;
  #random: number;

  /** @param random where its random numbers begin: two worlds of the same are the same lab */
  constructor(host = new FakeHost(), random = 0) {
    this.host = host;
    this.#random = random;
  }

  /** Another lab on a host of its own, that has the layers of this one: one whose ports are not in the way. */
  neighbour(): World {
    const host = new FakeHost();
    Object.assign(host, { layers: this.host.layers });
    return new World(host, 128);
  }

  engine(fuse = new Fuse('none', 0)): Engine {
    return new Engine({
      backend: new FakeBackend({ host: this.host, fault: (call, moment) => this.#look(call, moment, fuse) }),
      lab: 'fuzz',
      labFolder: import.meta.dirname,
      labFile: import.meta.filename,
      stateFolder: '/nowhere',
      home: '/nowhere',
      command: 'fuzz',
      storage: new FusedStorage(this.files, this.stacks, fuse),
      clock: { now: () => ++this.now },
      random: (bytes) => Buffer.alloc(bytes, ++this.#random),
    });
  }

  #look({ verb }: FakeCall, moment: 'before' | 'middle' | 'after', fuse: Fuse): void {
    if (verb === 'coalesceLayers' && moment === 'middle') this.coalesced++;
    fuse.tick();
  }

  async apply(definition: LabDefinition | undefined, fuse: Fuse, parallel: number): Promise<void> {
    const engine = this.engine(fuse);
    const plan = definition ? await engine.plan(await engine.evaluate(definition)) : await engine.planDestroy();
    await engine.apply(plan, { parallel, interrupt: fuse.interrupt.signal, kill: fuse.kill.signal });
  }

  /** Without faults; the state must be sound and the plan afterwards empty. */
  async converge(definition: LabDefinition | undefined): Promise<void> {
    const engine = this.engine();
    const plan = definition ? await engine.plan(await engine.evaluate(definition)) : await engine.planDestroy();
    const result = await engine.apply(plan);
    const did = plan.operations.map((one) => `${one.action} ${one.resource}: ${one.reason}`);
    assert.deepEqual(result.errors, [], did.join('\n'));
    assert.equal(result.outcome, 'done');
    if (!definition) return;
    const again = await engine.plan(await engine.evaluate(definition));
    assert.deepEqual(
      again.operations.map((one) => `${one.action} ${one.resource}: ${one.reason}`),
      [],
      `after ${did.join('\n')}`,
    );
  }
}

test(`${cases} random labs converge after faults, to what a cold build gives`, { timeout: 3_600_000 }, async (t) => {
  let coalescing = 0;
  const outcome = await fc.check(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), layers, async (rounds, limits) => {
      const world = new World();
      const machines: MachineModel[] = [];
      for (const one of rounds) {
        for (const each of one.edits) applyEdit(machines, each);
        const definition = labOf(machines, limits);
        const fuse = new Fuse(one.fault, one.at);
        await withFault(fuse, () => happen(world, one, fuse));
        await checkCheckpoints(world);
        await checkForks(world);
        // What died while the event went on is a process; the apply is another one.
        const next = fuse.dead ? new Fuse('none', 0) : fuse;
        await withFault(next, () => world.apply(definition, next, one.parallel));
        await checkCheckpoints(world);
        if (one.event === 'neighbour') await convergeBesideNeighbour(world, definition);
        else await world.converge(definition);
        await checkAgainstColdBuild(world, definition, machines);
        for (const machine of machines) machine.renamedFrom = undefined;
      }
      await world.converge(undefined);
      assert.equal(world.host.machines.size, 0, 'destroy leaves no machine');
      if (world.coalesced > 0) coalescing++;
    }),
    { numRuns: cases, seed, ...(process.env.GOQEMU_FUZZ_PATH ? { path: process.env.GOQEMU_FUZZ_PATH } : {}) },
  );
  // The report has the seed, the shrunken case, and how to run it again.
  if (outcome.failed)
    assert.fail(`${fc.defaultReportMessage(outcome)}\n${String((outcome.errorInstance as Error)?.stack)}`);
  t.diagnostic(`layers were coalesced in ${coalescing} cases`);
  // With fewer cases there may be none.
  if (cases >= 500) assert.ok(coalescing > cases / 10, `layers were coalesced in ${coalescing} cases`);
});

/** What goes wrong because the fuse wanted it is expected. */
async function withFault(fuse: Fuse, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const expected = error instanceof Died || (error as { code?: string }).code === 'fuzz' || fuse.kill.signal.aborted;
    if (!expected) throw error;
  }
}

/**
 * Another lab of the same kind comes before the apply that mends, so that its layers are there for that one, and goes
 * after it: whatever this lab relies on by then stays.
 */
async function convergeBesideNeighbour(world: World, definition: LabDefinition): Promise<void> {
  const neighbour = world.neighbour();
  await neighbour.converge(definition);
  await world.converge(definition);
  const { lineage } = await neighbour.engine().planDestroy();
  const call = { scope: { lab: 'fuzz', stack: 'default', lineage }, signal: new AbortController().signal };
  await new FakeBackend({ host: world.host }).collectLayers([], { ...call, progress: () => undefined });
  const plan = await world.engine().plan(await world.engine().evaluate(definition));
  assert.deepEqual(
    plan.operations.map((one) => `${one.action} ${one.resource}: ${one.reason}`),
    [],
    'after the neighbour has gone',
  );
}

/** A checkpoint that is listed is whole, and is one moment: what each of its machines had on its disk then. */
async function checkCheckpoints(world: World): Promise<void> {
  for (const { id, descriptions, machines } of (await world.engine().listCheckpoints()).checkpoints) {
    const then = world.moments.get(descriptions[0] ?? '');
    if (!then) continue; // declared by the lab
    assert.equal(machines.length, then.length, `checkpoint ${id}`);
    for (const { name, layer } of machines) {
      if (world.lost.has(layer)) continue;
      const found = world.host.layers.get(layer);
      assert.ok(found, `checkpoint ${id} has no layer for ${name}`);
      assert.ok(then.includes(found.disk.join()), `checkpoint ${id} of ${name} is of another moment`);
    }
  }
}

/** After the next command, whatever it does, a fork is whole or not there; removed, nothing of it stays. */
async function checkForks(world: World): Promise<void> {
  const engine = world.engine();
  await assert.rejects(engine.deleteCheckpoint('there is none'), { code: 'checkpoint-unknown' });
  for (const name of (await engine.status()).forks) {
    for (const [id, machine] of world.host.machines) {
      if (!id.startsWith(`fuzz-${name}-`)) continue;
      assert.deepEqual([machine.status, machine.ready], ['running', true], id);
      assert.deepEqual(machine.disk, world.host.layers.get(machine.layer ?? '')?.disk, id);
    }
    await engine.stack(name).removeFork();
  }
  for (const id of world.host.machines.keys()) assert.match(id, /^fuzz-default-/, 'nothing of a fork stays');
  const stacks = [...world.stacks].flatMap(([name, files]) => (files.size > 0 ? [name] : []));
  assert.deepEqual(
    stacks.filter((name) => name !== 'default'),
    [],
  );
}

async function checkAgainstColdBuild(world: World, definition: LabDefinition, machines: MachineModel[]): Promise<void> {
  const cold = new World();
  await cold.converge(definition);
  for (const machine of machines.filter((one) => one.kind === 'vm')) {
    const found = await world.engine().machine(machine.name);
    const built = await cold.engine().machine(machine.name);
    const warm = world.host.machine(found.spec.name);
    assert.equal(warm?.status, 'running', machine.name);
    assert.equal(warm?.ready, true, machine.name);
    assert.deepEqual(warm?.disk, cold.host.machine(built.spec.name)?.disk, machine.name);
    assert.equal(warm?.spec.memory, machine.memory * 2 ** 20);
  }
  assert.deepEqual(await declaredDisks(world), await declaredDisks(cold), 'what the lab’s checkpoints hold');
  const known = new Set((await world.engine().machines()).map((one) => one.spec.name));
  for (const [id, machine] of world.host.machines) {
    assert.ok(known.has(machine.spec.name), `${id} is an orphan`);
    if (machine.spec.kind === 'template') assert.equal(machine.status, 'stopped');
    if (machine.layer !== null) assert.ok(world.host.layers.has(machine.layer), `${id} has lost its layer`);
  }
}

/** What each machine has on its disk in each checkpoint of the lab. */
async function declaredDisks(world: World): Promise<Readonly<Record<string, readonly string[] | undefined>>> {
  const { checkpoints } = await world.engine().listCheckpoints();
  const declared = checkpoints.filter(({ origin }) => origin === 'declared');
  return Object.fromEntries(
    declared
      .flatMap(({ descriptions, machines }) =>
        machines.map(
          ({ name, layer }) => [`${descriptions[0]} of ${name}`, world.host.layers.get(layer)?.disk] as const,
        ),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Something that happens on the host, or that the user does, between two applies. */
async function happen(world: World, { event, which }: Round, fuse: Fuse): Promise<void> {
  const all = [...world.host.machines.values()].filter((machine) => machine.spec.kind === 'vm');
  const machine = all[which % Math.max(1, all.length)];
  if (!machine) return;
  const { name } = machine.spec;
  switch (event) {
    case 'crash-machine':
      return world.host.crash(name);
    case 'pause-machine':
      machine.status = 'paused';
      return;
    case 'lose-disk':
      return world.host.loseDisk(name);
    case 'restore-behind': {
      const layers = [...world.host.layers.keys()];
      const layer = layers[which % Math.max(1, layers.length)];
      if (layer !== undefined) world.host.restoreBehind(name, layer);
      return;
    }
    case 'take-checkpoint':
      if (all.every((one) => one.status === 'running')) {
        const description = `by hand ${world.moments.size}`;
        world.moments.set(
          description,
          all.map((one) => one.disk.join()),
        );
        await world.engine(fuse).createCheckpoint({ description });
      }
      return;
    case 'restore-checkpoint':
    case 'restore-declared': {
      const { checkpoints } = await world.engine().listCheckpoints();
      const found = checkpoints.filter(
        (one) => one.origin === (event === 'restore-declared' ? 'declared' : 'taken'),
      )[0];
      if (!found || found.machines.length === 0) return;
      await world
        .engine()
        .restoreCheckpoint(found.id)
        .catch((error: unknown) => {
          // Its layers may have been lost: it says so, and changes nothing.
          if (!hasErrorCode(error, 'checkpoint-damaged')) throw error;
        });
      return;
    }
    case 'fork': {
      const { checkpoints } = await world.engine().listCheckpoints();
      // One of machines that are there: a machine may have gone, and a template have its name now.
      const { machines } = await world.engine().status();
      const whole = checkpoints.filter(
        (one) => one.contents.length > 0 && one.machines.some(({ name }) => machines.some((it) => it.name === name)),
      );
      if (whole.length === 0 && all.some((one) => one.status !== 'running')) return;
      const found =
        whole[which % Math.max(1, whole.length)] ?? (await world.engine().createCheckpoint({ description: 'to fork' }));
      await world.engine(fuse).fork(found.id, { count: 1 + (which % 2) });
      return;
    }
    case 'lose-layers':
      // A layer that a machine stands on cannot go: its disk would be gone with it.
      for (const key of world.host.layers.keys()) {
        const reached = [...world.host.machines.values()].some((one) => one.layer === key);
        const below = [...world.host.layers.values()].some((one) => one.stored.parent === key);
        if (reached || below) continue;
        world.host.layers.delete(key);
        world.lost.add(key);
      }
      return;
    case 'destroy':
      return world.converge(undefined);
    default:
  }
}

function applyEdit(machines: MachineModel[], { kind, a, b, c }: Edit): void {
  const machine = machines[a % Math.max(1, machines.length)];
  const step = machine?.steps[b % Math.max(1, machine.steps.length)];
  switch (kind) {
    case 'add-machine':
    case 'copy-machine': {
      if (machines.length >= 5) return;
      const name =
        ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find((one) => machines.every((other) => other.name !== one)) ?? 'z';
      const begun = Array.from(
        { length: c > 5 ? b : 0 },
        (_, text): StepModel => ({ kind: 'run', text, checkpoint: false }),
      );
      const steps = kind === 'copy-machine' && machine ? structuredClone(machine.steps) : begun;
      machines.push({
        name,
        kind: c === 0 ? 'template' : 'vm',
        memory: 512,
        disk: 10,
        from: b,
        port: c % 2 === 0 ? 0 : 8000 + machines.length,
        steps,
        renamedFrom: undefined,
      });
      return;
    }
    case 'remove-machine':
      if (machines.length > 1) machines.splice(a % machines.length, 1);
      return;
    case 'add-step': {
      if (!machine || machine.steps.length >= 8) return;
      const kinds: StepModel['kind'][] = ['run', 'run', 'waitFor', 'capture', 'file', 'use', 'use', 'timed'];
      const added = { kind: kinds[c] ?? 'run', text: b, checkpoint: b === 3 };
      machine.steps.splice(c % 2 === 0 ? machine.steps.length : b % (machine.steps.length + 1), 0, added);
      return;
    }
    case 'change-step':
      if (step) step.text = (step.text + 1 + c) % 8;
      return;
    case 'remove-step':
      machine?.steps.splice(b % Math.max(1, machine.steps.length), 1);
      return;
    case 'swap-steps':
      machine?.steps.reverse();
      return;
    case 'toggle-checkpoint':
      if (step) step.checkpoint = !step.checkpoint;
      return;
    case 'memory':
      if (machine) machine.memory = 512 + 256 * (c % 3);
      return;
    case 'disk':
      if (machine && c < 3) machine.disk = 10 + c;
      return;
    case 'rename': {
      const free = ['p', 'q', 'r'].find((one) => machines.every((other) => other.name !== one));
      if (!machine || !free || machine.renamedFrom !== undefined) return;
      // A machine that took the name of one renamed in the same edit was never known by it.
      if (machines.some((other) => other.renamedFrom === machine.name)) return;
      machine.renamedFrom = machine.name;
      machine.name = free;
      return;
    }
    case 'port':
      if (machine) machine.port = c < 4 ? 8000 + c : 0;
      return;
    case 'exchange-ports': {
      const other = machines[(a + 1 + (b % Math.max(1, machines.length - 1))) % Math.max(1, machines.length)];
      if (machine && other) [machine.port, other.port] = [other.port, machine.port];
      return;
    }
  }
}

/** The lab that a model stands for. */
function labOf(machines: readonly MachineModel[], limits: LayerOptions): LabDefinition {
  return defineLab({ name: 'fuzz', layers: limits }, (lab: LabBuilder) => {
    const made: { model: MachineModel; builder: Machine; last: string | undefined; captures: string[] }[] = [];
    const usedPorts = new Set<number>();
    for (const model of machines) {
      const bases = made.filter((one) => one.last !== undefined);
      const base = model.from > 2 ? bases[model.from % Math.max(1, bases.length)] : undefined;
      const port = model.port !== 0 && !usedPorts.has(model.port) && model.kind === 'vm' ? model.port : undefined;
      if (port !== undefined) usedPorts.add(port);
      const common = {
        memory: `${model.memory} MiB` as const,
        ...(port === undefined ? {} : { forward: { http: { host: port, guest: 80 } } }),
        ...(model.renamedFrom === undefined ? {} : { renamedFrom: model.renamedFrom }),
      };
      const options =
        base?.last !== undefined
          ? { from: base.builder.at[base.last] as never, ...common }
          : { disk: `${model.disk} GB` as const, ...common };
      const builder = (model.kind === 'vm'
        ? lab.vm(model.name, options)
        : lab.template(model.name, options)) as unknown as Machine;
      const entry = { model, builder, last: undefined as string | undefined, captures: [] as string[] };
      for (const [index, step] of model.steps.entries()) {
        const name = `s${index}`;
        const source = made.flatMap((one) => one.captures.map((capture) => one.builder.out[capture]))[step.text];
        if (step.kind === 'capture') {
          builder.capture(name, `get ${step.text}`);
          entry.captures.push(name);
        } else if (step.kind === 'waitFor') builder.waitFor(name, { port: 80 + step.text });
        else if (step.kind === 'file') builder.file(name, '/etc/fuzz', `text ${step.text}`);
        else if (step.kind === 'use' && source) builder.run(name, 'use', { environment: { VALUE: source } });
        else if (step.kind === 'timed') builder.run(name, `timed ${step.text}`, { cache: { ttl: '1 d' } });
        else builder.run(name, `do ${step.text}`);
        if (step.checkpoint) {
          builder.checkpoint(`at-${index}`);
          entry.last = `at-${index}`;
        }
      }
      made.push(entry);
    }
  });
}

type Machine = MachineBuilder<string, string, string>;
