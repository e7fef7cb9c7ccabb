import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench, type LabBenchOptions } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { LayerOptions } from '../definition/layer-options.ts';
import type { MachineBuilder } from '../definition/machine-builder.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { sh } from '../value/sh.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

function lab(describe: (builder: LabBuilder) => void, layers: LayerOptions = { perMachine: 3 }) {
  return defineLab({ name: 'lab', layers }, (builder) => void describe(builder));
}

/** Steps a, b, c, … of a machine, each as its script. */
function steps(machine: MachineBuilder<never, never, never>, scripts: readonly string[]): MachineBuilder {
  return scripts.reduce((builder, script, index) => builder.run(letters[index] ?? 'z', script) as never, machine);
}

const web = (...scripts: readonly string[]) => lab((builder) => void steps(builder.vm('web'), scripts));

function benchFor(options: LabBenchOptions = {}): LabBench {
  return new LabBench({ labFile: import.meta.filename, ...options });
}

/** Which steps of a machine have a layer. */
function layered(bench: LabBench, machine = 'web'): string {
  const {
    resources: { machine: machines },
  } = JSON.parse(bench.storage.files.get('state') ?? '') as {
    resources: { machine: Record<string, { applied: { key: string; name: string }[] }> };
  };
  const applied = machines[machine]?.applied.slice(1) ?? [];
  return applied.map(({ key, name }) => (bench.host.layers.has(key) ? name : '-')).join('');
}

function said(bench: LabBench, code: string): readonly string[] {
  return bench.events.flatMap((event) => (event.type === 'notice' && event.code === code ? [event.message] : []));
}

test('an apply leaves as many layers as the lab wants, the newest two among them, and says what it took', async () => {
  const bench = benchFor();
  await bench.apply(web('1', '1', '1', '1', '1', '1'));
  assert.equal(layered(bench), '-b--ef');
  assert.match(
    said(bench, 'layers-coalesced')[0] ?? '',
    /^3 layers were coalesced with those above, which frees .*; to go back there, steps run again$/,
  );
  assert.ok(
    bench.events.some((event) => event.type === 'progress' && event.subject === 'layers'),
    'progress is reported',
  );
  assert.deepEqual((await bench.plan(web('1', '1', '1', '1', '1', '1'))).operations, []);
});

test('editing a step whose layer below is gone goes back further, and the plan says from where, what and how long', async () => {
  const bench = benchFor();
  await bench.apply(web('1', '1', '1', '1', '1', '1'));
  const { plan } = await bench.apply(web('1', '1', '1', '1', 'other', '1'));
  assert.deepEqual(
    plan.operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason.replace(/about .*?:/, 'about T:')}`),
    [
      'restore web: roll back: boots from the layer after "b", its RAM is not kept, run 4 steps again: "e" has changed, and the layers of the 2 steps before it are no longer there',
      'run web/c: its layer is no longer there',
      'run web/d: its layer is no longer there',
      'run web/e: an earlier step runs',
      'run web/f: an earlier step runs',
    ],
  );
  const disk = bench.host.machine('web')?.disk ?? [];
  assert.equal(disk.length, 7);
  assert.match(disk[5] ?? '', /other/);
  assert.deepEqual((await bench.plan(web('1', '1', '1', '1', 'other', '1'))).operations, []);
});

test('a name for a place whose layer is gone makes that layer again, and captured output stays', async () => {
  let captured = 0;
  const bench = benchFor({ output: (_machine, { name }) => (name === 'd' ? `token ${++captured}` : undefined) });
  const labWith = (name: string | undefined) =>
    lab((builder) => {
      const vm = builder.vm('web').run('a', '1').run('b', '1').run('c', '1');
      const half = name === undefined ? vm : (vm.checkpoint(name) as unknown as typeof vm);
      half.capture('d', 'token').run('e', '1').run('f', '1').run('g', '1');
    });
  await bench.apply(labWith(undefined));
  assert.equal(layered(bench), '---d-fg');
  const named = labWith('half');
  const { plan } = await bench.apply(named);
  assert.deepEqual(
    plan.operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason}`),
    [
      'restore web: roll back to the layer before the first step, run 3 steps again: "half" is to name the layer after "c", which is no longer there, and the layers of the 2 steps before it are no longer there',
      'run web/a: its layer is no longer there',
      'run web/b: its layer is no longer there',
      'run web/c: its layer is no longer there',
      'restore web: roll forward to the layer after "g": the steps up to there are cached',
    ],
  );
  assert.equal(captured, 1);
  assert.equal(layered(bench), '--cd-fg');
  assert.equal(bench.host.machine('web')?.disk.length, 8);
  assert.deepEqual((await bench.plan(named)).operations, []);
  const { checkpoints } = await bench.engine('lab').listCheckpoints();
  const half = checkpoints.find(({ descriptions }) => descriptions[0] === 'half')?.machines[0]?.layer ?? '';
  assert.equal(bench.host.layers.get(half)?.disk.length, 4);
});

test('named checkpoints, captured output and what has to do with other machines stay', async () => {
  const bench = benchFor();
  await bench.apply(
    lab(
      (builder) => {
        const web = builder.vm('web').run('a', '1').checkpoint('one').capture('b', 'token').run('c', '1');
        web.run('d', '1').run('e', '1').run('f', '1').run('g', '1');
        steps(builder.vm('db').run('join', sh`join ${web.out.b}`) as never, ['1', '1', '1', '1']);
      },
      { perMachine: 2 },
    ),
  );
  assert.equal(layered(bench), 'ab---fg');
  const joined = layered(bench, 'db');
  assert.match(joined, /^join--cd$/);
});

test('the layer before a step that runs each time stays: every apply goes back to it', async () => {
  const bench = benchFor();
  const timed = lab(
    (builder) => {
      const vm = builder.vm('web').run('a', '1').run('b', '1').run('c', 'now', { cache: 'never' });
      vm.run('d', '1').run('e', '1').run('f', '1');
    },
    { perMachine: 2 },
  );
  await bench.apply(timed);
  assert.equal(layered(bench), '-b--ef');
});

test('what a fork stands on stays, until the fork is gone', async () => {
  const bench = benchFor();
  const six = (limit: number) =>
    lab((builder) => void steps(builder.vm('web'), ['1', '1', '1', '1', '1', '1']).checkpoint('ready'), {
      perMachine: limit,
    });
  await bench.apply(six(12));
  const engine = bench.engine('lab');
  await engine.fork('ready');
  await bench.apply(six(2));
  assert.equal(layered(bench), 'abcdef');
  await engine.stack('ready-1').removeFork();
  const preview = await engine.pruneLayers({ dryRun: true });
  assert.equal(preview.coalesced, 3);
  assert.equal(layered(bench), 'abcdef');
  assert.deepEqual(await engine.pruneLayers(), { ...preview, dryRun: false });
  assert.equal(layered(bench).replaceAll('-', '').length, 3);
});

test('a layer that two machines branch from stays', async () => {
  const bench = benchFor();
  await bench.apply(
    lab(
      (builder) => {
        steps(builder.vm('web'), ['1', '1', '1', 'web', '1', '1']);
        steps(builder.vm('db'), ['1', '1', '1', 'db', '1', '1']);
      },
      { perMachine: 2 },
    ),
  );
  assert.equal(layered(bench), '--c-ef');
  assert.equal(layered(bench, 'db'), '--c-ef');
});

test('beyond the budget spare layers go first, then layers of short steps, and what is left too much is said', async () => {
  const bench = benchFor();
  const within = (budget: LayerOptions['budget'] & string, ...scripts: readonly string[]) =>
    lab((builder) => void steps(builder.vm('web'), scripts), { budget });
  await bench.apply(within('1 GiB', '1', '1', '1', '1'));
  await bench.apply(within('1 GiB', '1', '1', '1', '2'));
  // 1 to 5 KiB, and 5 KiB that are spare.
  assert.equal(bench.host.layers.size, 6);
  await bench.apply(within('16 KiB', '1', '1', '1', '3'));
  assert.equal(bench.host.layers.size, 5);
  assert.equal(layered(bench), 'abcd');
  assert.deepEqual(said(bench, 'layers-over-budget'), []);
  await bench.apply(within('14 KiB', '1', '1', '1', '3'));
  assert.equal(layered(bench), 'a-cd');
  await bench.apply(within('4 KiB', '1', '1', '1', '3'));
  assert.equal(layered(bench), '--cd');
  assert.match(said(bench, 'layers-over-budget')[0] ?? '', /take 10 KiB, more than the budget of 4 KiB/);
});

test('a failure while layers are coalesced is said and leaves a whole chain, and the next apply continues', async () => {
  for (const moment of ['before', 'middle', 'after'] as const) {
    let died = false;
    const bench = benchFor({
      fault: ({ verb }, now) => {
        if (died || verb !== 'coalesceLayers' || now !== moment) return;
        died = true;
        throw new Error('died');
      },
    });
    await bench.apply(web('1', '1', '1', '1', '1', '1'));
    assert.match(said(bench, 'layers-not-coalesced')[0] ?? '', /died/);
    assert.deepEqual((await bench.plan(web('1', '1', '1', '1', '1', '1'))).operations, []);
    await bench.apply(web('1', '1', '1', '1', '1', '1', '1'));
    assert.equal(layered(bench).replaceAll('-', '').length, 3, moment);
  }
});

test('an interrupt leaves the rest of the work for the next apply', async () => {
  const interrupt = new AbortController();
  const bench = benchFor({
    fault: ({ verb }, now) => {
      if (verb === 'coalesceLayers' && now === 'before') interrupt.abort(new Error('enough'));
    },
  });
  const { result } = await bench.apply(web('1', '1', '1', '1', '1', '1'), { interrupt: interrupt.signal });
  assert.equal(result.outcome, 'done');
  assert.equal(layered(bench).includes('f'), true);
  assert.deepEqual(said(bench, 'layers-not-coalesced'), []);
});

test('limits that make no sense are refused with their names', async () => {
  for (const [layers, message] of [
    [{ perMachine: 1 }, 'layers.perMachine: expected a whole number, 2 or more, got 1'],
    [{ budget: 'much' }, /^layers.budget: expected a size/],
    [{ depth: 3 }, /^layers has no option "depth"/],
    ['20 GiB', /^the options of layers are an object/],
  ] as const) {
    await assert.rejects(benchFor().evaluate(lab(() => undefined, layers as LayerOptions)), { message });
  }
});

test('layers that another lab takes at the last moment stay, and nothing is tried for ever', async () => {
  const bench = benchFor({
    fault: ({ verb }, now) => {
      if (verb === 'coalesceLayers' && now === 'before')
        for (const { owners } of bench.host.layers.values()) owners.add('another lab');
    },
  });
  const { result } = await bench.apply(web('1', '1', '1', '1', '1', '1'));
  assert.equal(result.outcome, 'done');
  assert.equal(layered(bench), 'abcdef');
});

test('a checkpoint is of its own step where the layer is stored and the state has forgotten it', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const lab = (isNamed: boolean) =>
    defineLab({ name: 'web', layers: { perMachine: 2, budget: '4 KiB' } }, (l) => {
      l.template('base', {});
      const web = l.vm('web', {}).capture('one', 'echo 1');
      (isNamed ? web.checkpoint('after-one') : web).run('two', 'echo 2');
      if (isNamed) l.template('other', {});
    });
  await bench.apply(lab(false));
  await bench.engine('web').apply(await bench.engine('web').planDestroy());
  await bench.apply(lab(true));
  const { checkpoints } = await bench.engine('web').listCheckpoints();
  const layer = checkpoints.find(({ descriptions }) => descriptions[0] === 'after-one')?.machines[0]?.layer ?? '';
  assert.equal(bench.host.layers.get(layer)?.disk.length, 2, 'the image and the step');
});
