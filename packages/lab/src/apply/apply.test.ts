import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, GoqemuError } from '@goqemu/core';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { eventStreamHeader } from '../events/engine-event.ts';
import { eventStreamSchemas } from '../events/event-schema.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);

test('the first interrupt lets running steps settle, begins nothing more, and saves', async () => {
  const interrupt = new AbortController();
  const bench = new LabBench({
    labFile: import.meta.filename,
    fault: ({ subject }, moment) => {
      if (subject === 'web/one' && moment === 'middle') interrupt.abort(new Error('Ctrl-C'));
    },
  });
  const program = lab((l) => void l.vm('web').run('one', 'echo 1').run('two', 'echo 2'));
  const { result } = await bench.tryApply(program, { interrupt: interrupt.signal });
  assert.equal(result.outcome, 'interrupted');
  assert.deepEqual(result.errors, []);
  assert.equal(bench.host.machine('web')?.disk.length, 2);
  assert.ok(bench.events.some((event) => event.type === 'operation-skipped'));
  const plan = await bench.plan(program);
  assert.deepEqual(plan.operations.map(subjectOf), ['web/two']);
});

test('the second interrupt interrupts what runs, names it as in doubt, and the next apply settles it', async () => {
  const interrupt = new AbortController();
  const kill = new AbortController();
  const bench = new LabBench({
    labFile: import.meta.filename,
    fault: async ({ subject }, moment) => {
      if (subject !== 'web/two' || moment !== 'middle' || kill.signal.aborted) return;
      interrupt.abort(new Error('Ctrl-C'));
      kill.abort(new Error('Ctrl-C again'));
      await new Promise(() => undefined); // a step that never ends
    },
  });
  const program = lab((l) => void l.vm('web').run('one', 'echo 1').run('two', 'echo 2'));
  const { result } = await bench.tryApply(program, { interrupt: interrupt.signal, kill: kill.signal });
  assert.equal(result.outcome, 'interrupted');
  assert.deepEqual(result.inDoubt, ['web/two']);
  const failed = bench.events.flatMap((event) => (event.type === 'operation-failed' ? [event.error.code] : []));
  assert.deepEqual(failed, ['interrupted']);
  assert.equal((await bench.engine('web').status()).machines[0]?.state, 'incomplete');
  const { plan } = await bench.apply(program);
  assert.deepEqual(
    plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`),
    ['restore web', 'run web/two'],
  );
  assert.equal(bench.host.machine('web')?.disk.length, 3);
});

test('what stood in the way of a plan while another apply was at work makes the plan stale, not the lab wrong', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const program = lab((l) => void l.vm('web', { forward: { http: { host: 8080, guest: 80 } } }));
  bench.host.takePort(8080);
  const plan = await bench.plan(program);
  assert.equal(plan.preflight.find(({ severity }) => severity === 'error')?.code, 'port-taken');
  await assert.rejects(bench.engine('web').apply(plan), { code: 'port-taken' });
  bench.host.takenPorts.clear();
  await bench.apply(program);
  await assert.rejects(bench.engine('web').apply(plan), { code: 'plan-stale' });
});

test('operations run side by side up to the bound', async () => {
  for (const parallel of [1, 3]) {
    let now = 0;
    let most = 0;
    // The first steps wait for each other, so that they overlap however long a machine takes to make.
    const full = deferred<void>();
    const bench = new LabBench({
      labFile: import.meta.filename,
      fault: async ({ verb }, moment) => {
        if (verb !== 'runStep' || moment === 'after') return;
        now += moment === 'before' ? 1 : -1;
        most = Math.max(most, now);
        if (now === parallel) full.resolve();
        if (moment === 'before') await full.promise;
      },
    });
    const program = lab((l) => {
      for (let index = 0; index < 6; index++)
        l.vm(`vm-${index}`, { memory: `${index + 1} GiB` }).run('x', `echo ${index}`);
    });
    await bench.apply(program, { parallel });
    assert.equal(most, parallel);
  }
});

test('every event is as its schema says', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const program = lab(
    (l) => void [l.vm('web').run('one', 'echo 1').run('two', 'exit 1').run('three', 'echo'), l.vm('b')],
  );
  await bench.tryApply(program);
  const { header, event } = eventStreamSchemas();
  assert.deepEqual(header.parse(eventStreamHeader), eventStreamHeader);
  for (const one of bench.events) assert.deepEqual(event.parse(one), one);
  const types = new Set(bench.events.map((one) => one.type));
  for (const type of [
    'plan-made',
    'apply-started',
    'operation-started',
    'operation-progress',
    'operation-done',
    'operation-failed',
    'operation-skipped',
    'state-saved',
    'apply-done',
  ] as const) {
    assert.ok(types.has(type), type);
  }
});

test('the newest two unnamed layers of a machine keep their RAM, beside the first and the named ones', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  await bench.apply(
    lab(
      (l) => void l.vm('web').run('a', '1').checkpoint('named').run('b', '2').run('c', '3').run('d', '4').run('e', '5'),
    ),
  );
  assert.deepEqual(
    [...bench.host.layers.values()].map((layer) => layer.stored.ram),
    [true, true, false, false, true, true],
  );
});

test('whichever step is edited, its first try boots at most once, and every further one resumes', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const steps = ['1', '2', '3', '4', '5', '6'];
  const edited = (script: string) => steps.map((step) => (step === '3' ? script : step));
  const program = (scripts: readonly string[]) =>
    lab((l) => void scripts.reduce((web, script, index) => web.run(`step ${index + 1}`, script), l.vm('web')));
  const road = async (script: string) =>
    (await bench.plan(program(edited(script)))).operations.find(({ action }) => action === 'restore')?.reason ?? '';
  await bench.apply(program(steps));
  assert.match(await road('exit 1'), /^roll back: boots from the layer after "step 2", its RAM is not kept/);
  for (const script of ['exit 1', 'exit 2', '3 again', '3 once more']) {
    const { result } = await bench.tryApply(program(edited(script)));
    assert.equal(result.errors.length, script.startsWith('exit') ? 1 : 0, script);
    assert.equal([...bench.host.layers.values()][2]?.stored.ram, true, script); // that of step 2, which a failed try is back at
    assert.doesNotMatch(await road(`after ${script}`), /boots/, script);
  }
  // The two layers that it was taken back to last keep their RAM, and no more.
  for (const place of [4, 5]) {
    const other = edited('3 once more').map((step, index) => (index + 1 === place ? `${step} edited` : step));
    await bench.apply(program(other));
  }
  assert.match(await road('3 at last'), /boots from the layer after "step 2"/);
});

test('a wait needs no layer of its own unless it has a name', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const program = (named: boolean) =>
    lab((l) => {
      const web = l.vm('web').run('a', '1').waitFor('up', { port: 80 });
      if (named) web.checkpoint('up');
      web.run('b', '2');
    });
  await bench.apply(program(false));
  assert.equal(bench.host.layers.size, 3);
  assert.deepEqual((await bench.plan(program(true))).operations[0]?.diff, [
    { property: 'checkpoints', before: [], after: ['up'] },
  ]);
});

test('a name that the lab gives to a layer later is written on it, and taken away again', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const program = (named: boolean) =>
    lab((l) => {
      const web = l.vm('web').run('a', '1');
      if (named) web.checkpoint('done');
    });
  await bench.apply(program(false));
  const names = () => [...bench.host.layers.values()].map((layer) => layer.stored.descriptions);
  await bench.apply(program(true));
  assert.deepEqual(names(), [[], ['done', 'web']]);
  await bench.apply(program(false));
  assert.deepEqual(names(), [[], []]);
  assert.deepEqual((await bench.plan(program(false))).operations, []);
});

test('layers that nothing needs are kept for a while, then collected, the longest unused first', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  for (let version = 0; version < 70; version++) {
    await bench.apply(lab((l) => void l.vm('web').run('a', `echo ${version}`)));
  }
  assert.equal(bench.host.layers.size, 2 + 64);
  assert.ok(
    [...bench.host.layers.values()].every((layer) => layer.disk.at(-1)?.includes('"script":"echo 0"') !== true),
  );
});

test('a backend that fails while tidying up does not fail the apply', async () => {
  const bench = new LabBench({
    labFile: import.meta.filename,
    fault: ({ verb }) => {
      if (verb === 'dispose') throw new Error('busy');
    },
  });
  const program = lab((l) => void l.vm('web'));
  await bench.apply(program);
  assert.equal((await bench.destroy(program)).outcome, 'done');
  assert.ok(bench.events.some((event) => event.type === 'notice' && event.code === 'tidying-failed'));
});

test('spare layers that take too much room are collected', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  // Of the fake backend's layers, the first takes 1 KiB, the second 2.
  const small = (script: string) =>
    defineLab({ name: 'web', layers: { budget: '4 KiB' } }, (l) => void l.vm('web').run('a', script));
  await bench.apply(small('echo 1'));
  await bench.apply(small('echo 2'));
  assert.equal(bench.host.layers.size, 2);
});

test('a machine that did not become ready is kept: the error says so, and the next apply starts it, and makes nothing', async () => {
  let stalled = false;
  const bench = new LabBench({
    labFile: import.meta.filename,
    fault: ({ verb }, moment) => {
      if (verb !== 'start' || moment !== 'middle' || stalled) return;
      stalled = true;
      throw new GoqemuError({
        code: 'stage-stalled',
        source: 'environment',
        message: 'no banner',
        hint: 'read the log',
      });
    },
  });
  const program = lab((l) => void l.vm('web').run('one', 'echo'));
  const { result } = await bench.tryApply(program);
  assert.equal(result.errors[0]?.error.hint, 'read the log; the machine is kept, and the next apply continues with it');
  const { plan } = await bench.apply(program);
  assert.deepEqual(
    plan.operations.map((one) => `${one.action} ${subjectOf(one)}`),
    ['start web', 'run web/one'],
  );
  assert.deepEqual(plan.operations[0]?.diff, []);
});
