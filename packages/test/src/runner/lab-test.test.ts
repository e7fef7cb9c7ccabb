import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import type { MachineProbes } from '../probes/machine-probes.ts';
import type { TestedStep } from '../probes/step-probe.ts';
import { ActionLog } from '../record/action-log.ts';
import { baseTest } from './extend-test.ts';
import { labFixtures, type TestRun } from './fixtures.ts';
import { callAt, placeInStack } from './place.ts';
import { readRunSettings } from './run-settings.ts';
import type { TestedLab } from './tested-lab.ts';

const results = realpathSync(mkdtempSync(join(tmpdir(), 'goqemu-results-')));
after(() => rmSync(results, { recursive: true }));
const test = baseTest(readRunSettings({}, results));

test('a test is one of node:test, with what each is given', async ({ t, signal, mark, attach }) => {
  assert.equal(t.name, 'a test is one of node:test, with what each is given');
  assert.equal(signal.aborted, false);
  assert.equal((await mark('here')).name, 'here');
  const path = await attach('note.txt', 'text');
  assert.ok(path.startsWith(join(results, 'lab-test.test.ts')), path);
  assert.equal(readFileSync(path, 'utf8'), 'text');
  for (const name of ['../up', '', '.hidden', 'a/b', 'x'.repeat(101)])
    await assert.rejects(attach(name, ''), { code: 'name-invalid' });
});

test('a step gives what its function returned, and throws what that threw', async ({ t }) => {
  assert.equal(await test.step('passes', () => 5), 5);
  assert.ok(t);
});

nodeTest('a step outside of a test is a mistake', async () => {
  await assert.rejects(
    test.step('alone', () => undefined),
    /outside of a test/,
  );
});

nodeTest('options of a test are read before it runs', () => {
  const wrong = (options: object) => () => test('never', options, () => undefined);
  assert.throws(wrong({ timeout: 'soon' }), { code: 'duration-invalid' });
  assert.throws(wrong({ retries: -1 }), { code: 'option-invalid', message: /from 0 to 100, got -1/ });
  assert.throws(wrong({ timout: 5 }), { code: 'option-invalid', message: /"timout" is none of its options/ });
  assert.throws(() => test('', () => undefined), { code: 'option-invalid', message: /its name/ });
  assert.throws(() => (test as unknown as (name: string) => unknown)('nothing'), {
    code: 'option-invalid',
    message: /a function/,
  });
});

nodeTest('a call is made at the place of another, whatever loaded that file', () => {
  const place = { file: join(results, 'a test.ts'), line: 42, column: 3 };
  const found = callAt(place, () => new Error('here').stack?.split('\n').slice(2).join('\n') ?? '');
  assert.deepEqual(placeInStack(found), place);
  assert.equal(
    callAt(undefined, () => 'called'),
    'called',
  );
});

nodeTest('what a test was given is refused when it is over; its networks and machines too', async () => {
  const end = new AbortController();
  class Machine {
    readonly name: string;
    #runs = true;
    constructor(name: string) {
      this.name = name;
    }
    async runs() {
      return this.#runs;
    }
    async exec() {
      return { stdout: '', stderr: '', exitCode: 0 };
    }
  }
  const lab = {
    name: 'shop',
    machine: (name: string) => new Machine(name),
    network: (name: string) => new Machine(name),
    step: (machine: string, name: string) => ({ machine, name, run: async () => `${machine}/${name}` }),
  } as unknown as TestedLab;
  const actions = new ActionLog();
  const test = { own: {} };
  const run = { name: 'one', test, signal: end.signal, marks: [], actions, probed: new Map() } as unknown as TestRun;
  const lease = { lab, machines: ['web', 'net'], [Symbol.asyncDispose]: async () => undefined };
  type Fixtures = Record<'web', Machine> & {
    net: Record<string, Machine>;
    lab: {
      machine(name: string): Machine;
      step(machine: string, name: string): TestedStep<{ run(): Promise<string> }>;
    };
  };
  const { web, net, lab: given } = labFixtures(run, 'lab', lease) as unknown as Fixtures;
  const all = [web, net.lan as Machine, given.machine('net')];
  assert.deepEqual(
    all.map(({ name }) => name),
    ['web', 'lan', 'net'],
    'a machine that is called as a fixture is reached by the lab',
  );
  for (const one of all) assert.equal(await one.runs(), true);
  const probed = [web, given.machine('net')] as unknown as readonly MachineProbes[];
  assert.deepEqual(
    probed.map((one) => one.unit('nginx').text),
    ['web.unit("nginx")', 'net.unit("nginx")'],
    'machines can be asked with expect',
  );
  const step = given.step('web', 'nginx');
  assert.deepEqual([step.kind, step.text, await step.run()], ['step', 'lab.step("web", "nginx")', 'web/nginx']);
  assert.deepEqual(
    actions.actions.map(({ title, result }) => [title, result]),
    [...['web', 'lan', 'net'].map((name) => `${name}.runs()`), 'lab.step("web", "nginx").run()'].map((title) => [
      title,
      'passed',
    ]),
    'each call is an action of the test',
  );
  end.abort();
  assert.throws(() => step.run(), { code: 'test-ended' });
  for (const one of all) assert.throws(() => one.runs(), { code: 'test-ended', message: /"one" is over/ });
});
