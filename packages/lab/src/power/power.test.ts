import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, GoqemuError } from '@goqemu/core';
import { LabBench, type LabBenchOptions } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { PlanOptions, PowerOptions } from '../engine-context/engine-options.ts';
import type { Plan } from '../plan/plan.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import type { PowerVerb } from './power-verb.ts';

const newBench = (options: LabBenchOptions = {}) => new LabBench({ labFile: import.meta.filename, ...options });
const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);
const steps = (...scripts: readonly string[]) =>
  lab((l) => {
    const web = l.vm('web', { memory: '1 GiB' });
    for (const [index, script] of scripts.entries()) web.run(`step ${index}`, script);
  });
const lines = ({ operations }: Plan) =>
  operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason}`.replace(/, about [^:]*:/, ':'));

async function power(bench: LabBench, verb: PowerVerb, options: PowerOptions = {}): Promise<Plan> {
  const engine = bench.engine('web');
  const plan = await engine.planPower(verb, options);
  const result = await engine.apply(plan);
  assert.deepEqual(result.errors, []);
  return plan;
}

const states = async (bench: LabBench) =>
  Object.fromEntries((await bench.engine('web').status()).machines.map(({ name, state }) => [name, state]));
const planned = async (bench: LabBench, definition: ReturnType<typeof lab>, options: PlanOptions = {}) =>
  lines(await bench.plan(definition, options));

/** A lab of one machine, in which a verb has been carried out. */
async function parked(verb: PowerVerb, ...scripts: readonly string[]): Promise<LabBench> {
  const bench = newBench();
  await bench.apply(steps(...scripts));
  await power(bench, verb);
  return bench;
}

for (const [verb, state, action] of [
  ['stop', 'stopped', 'start'],
  ['suspend', 'suspended', 'resume'],
] as const) {
  const wakes = `it was ${state}, and`;

  test(`${verb}: the machine is ${state}, the plan is empty, and apply leaves it so`, async () => {
    const bench = newBench();
    await bench.apply(steps('echo 1'));
    const plan = await power(bench, verb);
    assert.deepEqual(lines(plan), [`${verb} web: requested with goqemu ${verb}`]);
    assert.deepEqual(await states(bench), { web: state });
    assert.deepEqual(await planned(bench, steps('echo 1')), []);
    await bench.apply(steps('echo 1'));
    assert.deepEqual((await bench.engine('web').refresh()).drift, []);
    assert.deepEqual(await states(bench), { web: state });
    assert.deepEqual(lines(await power(bench, verb)), [], 'once more, there is nothing to do');
  });

  test(`${verb}: a new step starts the machine, and the plan says why`, async () => {
    const bench = await parked(verb, 'echo 1');
    assert.deepEqual(await planned(bench, steps('echo 1', 'echo 2')), [
      `${action} web: ${wakes} 1 step is to run in it`,
      'run web/step 1: it has not run yet',
    ]);
    await bench.apply(steps('echo 1', 'echo 2', 'echo 3'));
    assert.deepEqual(await states(bench), { web: 'running' });
    assert.deepEqual(await planned(bench, steps('echo 1', 'echo 2', 'echo 3')), []);
    bench.host.crash('web');
    assert.deepEqual(await planned(bench, steps('echo 1', 'echo 2', 'echo 3')), ['start web: it has died']);
  });

  test(`${verb}: a changed step rolls back, and leaves the machine running`, async () => {
    const bench = await parked(verb, 'echo 1', 'echo 2');
    const [restore] = await planned(bench, steps('echo 1', 'echo 3'));
    assert.match(restore ?? '', new RegExp(`^restore web: .*has changed; it was ${state}, and runs afterwards$`));
    await bench.apply(steps('echo 1', 'echo 3'));
    assert.deepEqual(await states(bench), { web: 'running' });
    assert.deepEqual(await planned(bench, steps('echo 1', 'echo 3')), []);
  });

  test(`${verb}: --start starts the machine`, async () => {
    const bench = await parked(verb);
    const how = action === 'start' ? 'starts' : 'resumes';
    assert.deepEqual(await planned(bench, steps(), { start: true }), [`${action} web: ${wakes} --start ${how} it`]);
    await bench.apply(steps(), { start: true });
    assert.deepEqual(await states(bench), { web: 'running' });
  });

  test(`${verb}: goqemu start, and resume where it was suspended, take the machine on`, async () => {
    const bench = await parked(verb);
    const boots = bench.host.machine('web')?.boots ?? 0;
    assert.deepEqual(lines(await power(bench, 'start')), [`${action} web: requested with goqemu start`]);
    assert.equal(bench.host.machine('web')?.boots, action === 'start' ? boots + 1 : boots);
    assert.deepEqual(await states(bench), { web: 'running' });
    assert.deepEqual(lines(await power(bench, 'start')), []);
  });

  test(`${verb}: a lab whose machine is ${state} is destroyed`, async () => {
    const bench = await parked(verb);
    assert.equal((await bench.destroy(steps())).outcome, 'done');
    assert.equal(bench.host.machines.size, 0);
  });

  test(`${verb}: a forward that changes waits for the next start`, async () => {
    const forwarding = (host: number) =>
      lab((l) => void l.vm('web', { memory: '1 GiB', forward: { http: { host, guest: 80 } } }));
    const bench = newBench();
    await bench.apply(forwarding(8080));
    await power(bench, verb);
    assert.deepEqual(await planned(bench, forwarding(8081)), ['update web: forward.http changes, with its next start']);
    await bench.apply(forwarding(8081));
    assert.deepEqual(await states(bench), { web: state });
    assert.deepEqual(await planned(bench, forwarding(8081)), []);
    await power(bench, 'start');
    assert.equal(bench.host.machine('web')?.spec.forwards.http?.host, 8081);
  });

  test(`${verb}: a machine that runs all the same is recorded so, and is drift when it dies`, async () => {
    const bench = await parked(verb);
    Object.assign(bench.host.machine('web') ?? {}, { status: 'running', ready: true });
    assert.deepEqual(await planned(bench, steps()), ['update web: it runs, although it was stopped or suspended']);
    await bench.apply(steps());
    assert.deepEqual(await planned(bench, steps()), []);
    bench.host.crash('web');
    assert.deepEqual(await planned(bench, steps()), ['start web: it has died']);
  });

  test(`${verb}: a restored checkpoint leaves the machine running`, async () => {
    const bench = newBench();
    await bench.apply(steps('echo 1'));
    const { id } = await bench.engine('web').createCheckpoint({ description: 'before' });
    await power(bench, verb);
    await assert.rejects(bench.engine('web').createCheckpoint({ description: 'now' }), {
      code: 'machine-not-running',
      hint: /goqemu start web/,
    });
    await bench.engine('web').fork(id);
    assert.deepEqual((await bench.engine('web').stack('before-1').status()).machines[0]?.state, 'running');
    await bench.engine('web').restoreCheckpoint(id);
    assert.deepEqual(await states(bench), { web: 'running' });
    bench.host.crash('web');
    assert.deepEqual(await planned(bench, steps('echo 1')), ['start web: it has died']);
  });

  for (const moment of ['before', 'middle', 'after'] as const)
    test(`${verb}: a goqemu that dies ${moment} is settled by a look at the machine`, async () => {
      const bench = newBench();
      await bench.apply(steps());
      const kill = new AbortController();
      const dying = bench.engine('web', {
        fault: async (call, at) => {
          if (call.verb !== verb || at !== moment) return;
          kill.abort(new Error('killed'));
          await new Promise(() => undefined);
        },
      });
      const { inDoubt } = await dying.apply(await dying.planPower(verb), { interrupt: kill.signal, kill: kill.signal });
      assert.deepEqual(inDoubt, ['web']);
      const found = bench.host.machine('web')?.status;
      const expected =
        found === 'running'
          ? ['update web: it runs, although it was stopped or suspended']
          : found === 'paused'
            ? ['start web: suspending it was interrupted']
            : [];
      assert.deepEqual(await planned(bench, steps()), expected);
      await bench.apply(steps());
      assert.deepEqual(await planned(bench, steps()), []);
    });
}

test('a machine that stopped by itself is drift; goqemu stop makes that its purpose', async () => {
  const bench = newBench();
  await bench.apply(steps());
  Object.assign(bench.host.machine('web') ?? {}, { status: 'stopped', ready: false });
  assert.deepEqual(await planned(bench, steps()), ['start web: it is not running']);
  assert.deepEqual(lines(await power(bench, 'stop')), ['stop web: it does not run, and stays so from now on']);
  assert.deepEqual(await planned(bench, steps()), []);
});

test('a machine that was paused over its monitor is paused and no drift; start, resume and work take it on', async () => {
  const bench = newBench();
  await bench.apply(steps());
  const pause = () => Object.assign(bench.host.machine('web') ?? {}, { status: 'paused' });
  pause();
  assert.deepEqual(await states(bench), { web: 'paused' });
  assert.deepEqual(await planned(bench, steps()), []);
  assert.deepEqual(await planned(bench, steps(), { start: true }), [
    'start web: it was paused, and --start resumes it',
  ]);
  assert.deepEqual(await planned(bench, steps('echo 1')), [
    'start web: it was paused, and 1 step is to run in it',
    'run web/step 0: it has not run yet',
  ]);
  for (const verb of ['start', 'resume'] as const) {
    pause();
    await power(bench, verb);
    assert.deepEqual(await states(bench), { web: 'running' });
  }
});

test('memory that changes waits for the next start of a stopped machine, and restarts a suspended or paused one', async () => {
  const sized = (memory: '1 GiB' | '2 GiB') => lab((l) => void l.vm('web', { memory }));
  for (const [verb, word, action] of [
    ['stop', 'stopped', undefined],
    ['suspend', 'suspended', 'resume'],
    ['resume', 'paused', 'start'],
  ] as const) {
    const bench = newBench();
    await bench.apply(sized('1 GiB'));
    await power(bench, verb);
    if (word === 'paused') Object.assign(bench.host.machine('web') ?? {}, { status: 'paused' });
    const plan = await planned(bench, sized('2 GiB'));
    if (action === undefined) assert.deepEqual(plan, ['update web: memory changes, with its next start']);
    else
      assert.deepEqual(plan, [
        `${action} web: it was ${word}, and memory changes, which takes a restart`,
        'update web: restart: memory changes',
      ]);
    await bench.apply(sized('2 GiB'));
    assert.deepEqual(await planned(bench, sized('2 GiB')), []);
    await power(bench, 'start');
    assert.equal(bench.host.machine('web')?.spec.memory, 2 * 2 ** 30);
    assert.deepEqual(await planned(bench, sized('2 GiB')), []);
  }
});

test('restart stops and starts; one that is interrupted between the two leaves a machine that apply starts', async () => {
  const bench = newBench();
  await bench.apply(steps());
  const boots = bench.host.machine('web')?.boots ?? 0;
  const plan = await power(bench, 'restart');
  assert.deepEqual(
    plan.operations.map(({ action, dependsOn }) => [action, dependsOn.length]),
    [
      ['stop', 0],
      ['start', 1],
    ],
  );
  assert.equal(bench.host.machine('web')?.boots, boots + 1);
  const interrupt = new AbortController();
  const engine = bench.engine('web', { fault: ({ verb }) => void (verb === 'stop' && interrupt.abort()) });
  await engine.apply(await engine.planPower('restart'), { interrupt: interrupt.signal });
  assert.deepEqual(await planned(bench, steps()), ['start web: it is not running']);
});

test('stopping or restarting a suspended machine drops its RAM, and says so before', async () => {
  for (const verb of ['stop', 'restart'] as const) {
    const bench = await parked('suspend');
    const plan = await power(bench, verb);
    assert.deepEqual(plan.notices, [
      {
        code: 'ram-dropped',
        message: 'web is suspended: this drops its RAM, and what ran in it; its disk stays',
        hint: '"goqemu resume web" continues it instead',
      },
    ]);
    assert.deepEqual(await states(bench), { web: verb === 'stop' ? 'stopped' : 'running' });
  }
});

test('where the RAM of a suspended machine is lost, resume says so and start boots its disk', async () => {
  const bench = await parked('suspend');
  bench.host.loseRam('web', 'ram-1 is missing');
  assert.equal((await bench.engine('web').status()).machines[0]?.reason, 'ram-1 is missing');
  const engine = bench.engine('web');
  const plan = await engine.planPower('resume', { machines: ['web'] });
  await assert.rejects(engine.apply(plan), {
    code: 'ram-lost',
    message: 'web cannot resume: ram-1 is missing',
    hint: 'boot from its disk, to which its guest wrote its data: goqemu start web',
  });
  assert.deepEqual(await states(bench), { web: 'suspended' });
  assert.deepEqual(lines(await power(bench, 'start')), [
    'start web: requested with goqemu start; it boots from its disk: ram-1 is missing',
  ]);
  assert.deepEqual(await states(bench), { web: 'running' });
});

test('a resume that fails leaves the machine suspended, and a suspension that fails leaves it running', async () => {
  const bench = newBench();
  await bench.apply(steps());
  const failing = bench.engine('web', {
    fault: ({ verb }, moment) => {
      if ((verb === 'suspend' || verb === 'resume') && moment === 'middle')
        throw new GoqemuError({ code: 'no-room', source: 'environment', message: 'the disk is full' });
    },
  });
  const { errors } = await failing.apply(await failing.planPower('suspend'));
  assert.equal(errors[0]?.error.code, 'no-room');
  assert.deepEqual(await states(bench), { web: 'running' });
  assert.deepEqual(await planned(bench, steps()), []);
  await power(bench, 'suspend');
  await failing.apply(await failing.planPower('resume'));
  assert.deepEqual(await states(bench), { web: 'suspended' });
  assert.deepEqual(await planned(bench, steps()), []);
});

test('a backend that cannot keep RAM refuses to suspend, and names stop', async () => {
  const bench = newBench({ capabilities: { suspendMachines: false } });
  await bench.apply(steps());
  await assert.rejects(bench.engine('web').planPower('suspend', { machines: ['web'] }), {
    code: 'suspend-refused',
    message: 'the backend "fake" cannot keep the RAM of a machine',
    hint: 'shut it down instead: goqemu stop web',
  });
  await power(bench, 'stop');
});

test('what a named machine cannot do is an error; of all machines it is left out with a notice', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void [l.vm('a'), l.vm('b'), l.template('base')]));
  await power(bench, 'stop', { machines: ['a'] });
  const plan = await bench.engine('web').planPower('suspend', { machines: ['a'] });
  assert.deepEqual(
    plan.preflight.map(({ code, message, hint }) => [code, message, hint]),
    [['power-refused', 'a is stopped: only a running machine has RAM to keep', 'start it first: goqemu start a']],
  );
  const all = await power(bench, 'suspend');
  assert.deepEqual(lines(all), ['suspend b: requested with goqemu suspend']);
  assert.match(all.notices[0]?.message ?? '', /^a is left as it is: it is stopped/);
  const resume = await power(bench, 'resume');
  assert.deepEqual(lines(resume), ['resume b: requested with goqemu resume']);
  await assert.rejects(bench.engine('web').planPower('stop', { machines: ['base'] }), { code: 'machine-unknown' });
});

test('machines that are not complete, or have no disk any more, are left to apply', async () => {
  const bench = newBench();
  await bench.apply(steps('echo 1'));
  const refused = async (verb: PowerVerb) => {
    const { preflight } = await bench.engine('web').planPower(verb, { machines: ['web'] });
    return preflight.map(({ message, hint }) => `${message}; ${hint}`);
  };
  const kill = new AbortController();
  const dying = bench.engine('web', {
    fault: async ({ verb }, moment) => {
      if (verb !== 'runStep' || moment !== 'middle') return;
      kill.abort(new Error('killed'));
      await new Promise(() => undefined);
    },
  });
  await dying.apply(await dying.plan(await bench.evaluate(steps('echo 1', 'echo 2'))), { kill: kill.signal });
  assert.deepEqual(await refused('restart'), [
    'web is not complete: a step was interrupted or failed; finish it first: goqemu apply',
  ]);
  await power(bench, 'stop');
  await bench.apply(steps('echo 1', 'echo 2'));
  bench.host.loseDisk('web');
  assert.deepEqual(await refused('start'), ['web has no disk any more; make it again: goqemu apply']);
});

test('the machines of a lab stop side by side, and what a failed step left stays', async () => {
  const bench = newBench();
  const program = (script: string) =>
    lab((l) => {
      l.vm('a').run('one', script);
      l.vm('b');
    });
  await bench.apply(program('echo'));
  await bench.tryApply(program('exit 7'));
  let running = 0;
  const both = deferred<void>();
  const engine = bench.engine('web', {
    fault: async ({ verb }, moment) => {
      if (verb !== 'stop' || moment !== 'middle') return;
      if (++running === 2) both.resolve();
      await both.promise;
    },
  });
  await engine.apply(await engine.planPower('stop'));
  const { checkpoints } = await engine.listCheckpoints();
  assert.ok(checkpoints.some(({ origin }) => origin === 'failed'));
});

test('stopped machines need no memory: others of the lab can have it', async () => {
  const bench = newBench();
  const program = (names: readonly string[]) =>
    lab((l) => {
      for (const name of names) l.vm(name, { memory: '40 GiB' });
    });
  await bench.apply(program(['a']));
  const short = async () => (await bench.plan(program(['a', 'b']))).preflight.map(({ code }) => code);
  assert.deepEqual(await short(), ['memory-short']);
  await power(bench, 'stop');
  assert.deepEqual(await short(), []);
});

test('a stopped machine holds no port: another one takes it over', async () => {
  const bench = newBench();
  const program = (a: number, b: number) =>
    lab((l) => {
      l.vm('a', { memory: '1 GiB', forward: { http: { host: a, guest: 80 } } });
      l.vm('b', { memory: '1 GiB', forward: { http: { host: b, guest: 80 } } });
    });
  for (const verb of ['stop', 'suspend'] as const) {
    await bench.apply(program(8001, 8002), { start: true });
    await power(bench, verb, { machines: ['a'] });
    await bench.apply(program(8002, 8001));
    assert.deepEqual(await planned(bench, program(8002, 8001)), []);
    await power(bench, 'start');
    assert.equal(bench.host.machine('a')?.spec.forwards.http?.host, 8002);
  }
});
