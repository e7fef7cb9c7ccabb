import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { MachineOptions, StartsFrom } from '../definition/machine-options.ts';
import type { Plan } from '../plan/plan.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const options: MachineOptions & StartsFrom = { memory: '1 GiB', cpus: 1, disk: '10 GB', forward: { http: 80 } };
const labWith = (more: Omit<MachineOptions, 'from'> = {}, steps: readonly string[] = ['one', 'two']) =>
  defineLab({ name: 'web' }, (lab: LabBuilder) => {
    const web = lab.vm('web', { ...options, ...more });
    for (const step of steps) web.run(step, `do ${step}`);
  });

/** A bench on whose host a machine was started without goqemu. */
function benchWithForeign(): LabBench {
  const bench = new LabBench({ labFile: import.meta.filename });
  const facts = {
    arch: 'amd64',
    firmware: 'bios' as const,
    accelerator: 'tcg',
    memory: 2 ** 30,
    cpus: 1,
    disk: 10 * 10 ** 9,
    mac: '52:54:00:12:34:56',
    hostname: 'old-name',
    forwards: [
      { host: 2222, guest: 22 },
      { host: 8088, guest: 80 },
    ],
    limits: ['it has no layers'],
  };
  bench.host.foreign.set(4711, {
    facts,
    socket: '/run/old.sock',
    machine: { spec: {} as never, status: 'running', ready: true, disk: ['theirs'], layer: null, boots: 1 },
  });
  return bench;
}

async function importInto(bench: LabBench, lab = labWith(), more: { stepsDone?: boolean; authorize?: boolean } = {}) {
  const engine = bench.engine('web');
  return engine.importMachine(await engine.evaluate(lab), { machine: 'web', target: { pid: 4711 }, ...more });
}

const words = (plan: Plan) => plan.operations.map((one) => `${one.action} ${subjectOf(one)}`);

test('an imported machine keeps its address and ports; the next plan runs the steps, and then nothing', async () => {
  const bench = benchWithForeign();
  const report = await importInto(bench);
  assert.deepEqual(report.stepsLeft, ['one', 'two']);
  assert.deepEqual(report.limits, ['it has no layers']);
  const engine = bench.engine('web');
  const { spec } = await engine.machine('web');
  assert.deepEqual(
    [spec.identity.mac, spec.identity.hostname, spec.identity.sshPort, spec.forwards.http?.host],
    ['52:54:00:12:34:56', 'old-name', 2222, 8088],
  );
  assert.deepEqual(words(await bench.plan(labWith())), ['run web/one', 'run web/two']);
  await bench.apply(labWith());
  assert.equal(bench.host.foreign.get(4711)?.machine.disk.length, 3, 'the steps ran in it');
  assert.equal(bench.host.layers.size, 0, 'no layer was cut');
  assert.deepEqual(words(await bench.plan(labWith())), []);
  assert.equal((await bench.engine('web').status()).machines[0]?.state, 'running');
  assert.equal((await bench.engine('web').history()).at(0)?.operations.import, 1);
});

test('steps that are taken as done do not run', async () => {
  const bench = benchWithForeign();
  await importInto(bench, labWith(), { stepsDone: true });
  assert.deepEqual(words(await bench.plan(labWith())), []);
  const capturing = defineLab({ name: 'web' }, (lab) => void lab.vm('web', options).capture('token', 'get'));
  await assert.rejects(importInto(benchWithForeign(), capturing, { stepsDone: true }), {
    code: 'import-refused',
    message: /"token" is not known/,
  });
});

test('what differs from the lab is refused with both sides, and nothing is recorded or changed', async () => {
  const bench = benchWithForeign();
  const lab = labWith({ memory: '2 GiB', hostname: 'new-name', forward: { http: { guest: 80, host: 80 }, db: 5432 } });
  await assert.rejects(importInto(bench, lab, { authorize: true }), (error: { code: string; detail: string }) => {
    assert.equal(error.code, 'import-differs');
    assert.deepEqual(error.detail.split('\n'), [
      'memory: 1 GiB there, 2 GiB in the lab',
      'hostname: old-name there, new-name in the lab',
      'forward.http: {"guest":80,"host":8088} there, {"guest":80,"host":80} in the lab',
      'forward.db: none there, {"guest":5432} in the lab',
    ]);
    return true;
  });
  assert.equal(bench.host.foreign.get(4711)?.authorized, undefined);
  assert.deepEqual((await bench.engine('web').status()).machines, []);
  const ignoring = labWith({ memory: '2 GiB', ignoreChanges: ['memory'] }, []);
  await importInto(bench, ignoring, { authorize: true });
  assert.equal(bench.host.foreign.get(4711)?.authorized, true);
  assert.deepEqual(words(await bench.plan(ignoring)), []);
});

test('it is recreated only on request; destroying ends it', async () => {
  const bench = benchWithForeign();
  await importInto(bench);
  await bench.apply(labWith());
  for (const changed of [labWith({ memory: '2 GiB' }), labWith({}, ['other']), labWith({ disk: '20 GB' })]) {
    const plan = await bench.plan(changed);
    assert.deepEqual(words(plan).slice(0, 1), ['replace web']);
    await assert.rejects(bench.engine('web').apply(plan), { code: 'imported', hint: /--replace web/ });
  }
  await bench.apply(labWith({}, ['other']), { replace: ['web'] });
  assert.equal(bench.host.foreign.size, 0);
  assert.equal(bench.host.machine('web')?.status, 'running', 'it is an ordinary machine now');
  const again = benchWithForeign();
  await importInto(again);
  assert.equal((await again.destroy(labWith())).outcome, 'done');
  assert.equal(again.host.foreign.size, 0);
});

test('a failed step runs again where it is; a paused machine is taken on; one that is gone is said to be', async () => {
  const bench = benchWithForeign();
  await importInto(bench);
  const failing = defineLab({ name: 'web' }, (lab) => void lab.vm('web', options).run('one', 'exit 3'));
  assert.equal((await bench.tryApply(failing)).result.errors[0]?.error.code, 'step-failed');
  assert.deepEqual(words(await bench.plan(labWith({}, ['one']))), ['run web/one']);
  const machine = bench.host.foreign.get(4711)?.machine;
  if (machine) machine.status = 'paused';
  assert.deepEqual(words(await bench.plan(labWith({}, ['one']))), ['start web', 'run web/one']);
  await bench.apply(labWith({}, ['one']));
  bench.host.foreign.clear();
  const plan = await bench.plan(labWith({}, ['one']));
  assert.deepEqual(words(plan).slice(0, 1), ['replace web']);
  assert.equal(plan.preflight[0]?.code, 'imported');
});

test('an imported machine is neither stopped nor suspended: goqemu could not start it again', async () => {
  const bench = benchWithForeign();
  await importInto(bench);
  await bench.apply(labWith());
  for (const verb of ['stop', 'restart', 'suspend'] as const) {
    const { preflight } = await bench.engine('web').planPower(verb, { machines: ['web'] });
    assert.match(preflight[0]?.message ?? '', /^web was imported, and goqemu /);
    assert.deepEqual((await bench.engine('web').planPower(verb)).operations, []);
  }
  const machine = bench.host.foreign.get(4711)?.machine;
  if (machine) machine.status = 'paused';
  assert.deepEqual(words(await bench.plan(labWith())), [], 'a paused machine is no drift');
  assert.deepEqual(words(await bench.plan(labWith(), { start: true })), ['start web']);
  assert.deepEqual(words(await bench.engine('web').planPower('resume')), ['resume web']);
});

test('a machine that is there, that is no machine of the lab, or that is one already cannot be imported', async () => {
  const bench = benchWithForeign();
  await importInto(bench);
  await bench.apply(labWith());
  await importInto(bench, labWith(), { authorize: true });
  assert.deepEqual(words(await bench.plan(labWith())), [], 'once more, to let a key in: its steps stay done');
  const made = new LabBench({ labFile: import.meta.filename });
  await made.apply(labWith());
  await assert.rejects(importInto(made), { code: 'machine-there' });
  const engine = bench.engine('web');
  const two = defineLab({ name: 'web' }, (lab) => {
    lab.vm('web', options);
    lab.vm('db', options);
    lab.template('t');
  });
  const evaluated = await engine.evaluate(two);
  const target = { socket: '/run/old.sock' };
  await assert.rejects(engine.importMachine(evaluated, { machine: 'db', target }), {
    code: 'import-refused',
    message: /is web, a machine of this lab/,
  });
  await assert.rejects(engine.importMachine(evaluated, { machine: 't', target }), { code: 'machine-unknown' });
  await assert.rejects(engine.importMachine(evaluated, { machine: 'db', target: { pid: 1 } }), {
    code: 'import-refused',
  });
});
