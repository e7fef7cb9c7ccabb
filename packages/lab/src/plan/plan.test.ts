import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GoqemuError } from '@goqemu/core';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { Engine } from '../engine/engine.ts';
import { planReport } from '../report/plan-report.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import type { Plan } from './plan.ts';

const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);
const lines = (plan: Plan) => plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`);
const newBench = () => new LabBench({ labFile: import.meta.filename });

test('more memory is a restart, and runs no step again', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('web').run('one', 'echo')));
  const more = lab((l) => void l.vm('web', { memory: '8 GiB' }).run('one', 'echo'));
  const { plan } = await bench.apply(more);
  assert.deepEqual(lines(plan), ['update web']);
  assert.equal(plan.operations[0]?.changeClass, 'restart');
  assert.deepEqual(plan.operations[0]?.diff, [{ property: 'memory', before: 4 * 2 ** 30, after: 8 * 2 ** 30 }]);
  assert.equal(bench.host.machine('web')?.spec.memory, 8 * 2 ** 30);
  assert.deepEqual(lines(await bench.plan(more)), []);
});

test('a display is a restart, is that of the machine in from, and its RAM fits no machine without one', async () => {
  const bench = newBench();
  const program = (display: boolean, own?: boolean) =>
    lab((l) => {
      const base = l.template('base', { display }).run('one', 'echo').checkpoint('made');
      l.vm('web', { from: base.at.made, ...(own === undefined ? {} : { display: own }) }).run('two', 'echo');
    });
  await bench.apply(program(false));
  assert.equal(bench.host.machine('web')?.spec.display, false);
  const { plan } = await bench.apply(program(false, true));
  assert.deepEqual(lines(plan), ['update web']);
  assert.deepEqual(plan.operations[0]?.diff, [{ property: 'display', before: false, after: true }]);
  const other = newBench();
  await other.apply(program(true));
  assert.equal(other.host.machine('web')?.spec.display, true);
  const mixed = await newBench().plan(program(true, false));
  const made = mixed.operations.find((operation) => subjectOf(operation) === 'web');
  assert.match(made?.reason ?? '', /network or display differ from its RAM/);
});

test('a change of a time-out is no change of a machine, and the next work on it uses the new one', async () => {
  const bench = newBench();
  const program = (sshBanner: `${number} s`, script: string) =>
    defineLab({ name: 'web', timeouts: { sshBanner, stop: '5 s' } }, (l) => {
      const base = l.template('base', { timeouts: { kernel: '1 min' } }).checkpoint('made');
      l.vm('web', { from: base.at.made, timeouts: { stop: '9 s' } }).run('one', script);
    });
  await bench.apply(program('10 s', 'echo'));
  assert.deepEqual(bench.host.machine('web')?.spec.timeouts, { sshBanner: 10_000, kernel: 60_000, stop: 9000 });
  assert.deepEqual(lines(await bench.plan(program('20 s', 'echo'))), []);
  const recorded = async () => (await bench.engine('web').machine('web')).spec.timeouts.sshBanner;
  await bench.apply(program('20 s', 'echo'));
  assert.equal(await recorded(), 20_000, 'an apply with nothing to do records it, for stop and restore');
  await bench.apply(program('30 s', 'echo again'));
  assert.equal(await recorded(), 30_000);
});

test('a time-out that is none is refused with its place', async () => {
  for (const [timeouts, code] of [
    [{ boot: '1 s' }, 'option-unknown'],
    [{ kernel: 'soon' }, 'duration-invalid'],
    [{ kernel: 0 }, 'duration-invalid'],
    [{ kernel: '30 d' }, 'timeouts-invalid'],
    ['1 s', 'options-invalid'],
  ] as const)
    for (const wrong of [
      lab((l) => void l.vm('web', { timeouts: timeouts as never })),
      defineLab({ name: 'web', timeouts: timeouts as never }, (l) => void l.vm('web')),
    ])
      await assert.rejects(newBench().plan(wrong), (error: GoqemuError) => {
        assert.equal(error.code, code);
        assert.ok(error.location?.file.endsWith('plan.test.ts'));
        return true;
      });
});

test('a larger disk recreates the machine, and the plan says why', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('web').run('one', 'echo')));
  const plan = await bench.plan(lab((l) => void l.vm('web', { disk: '20 GB' }).run('one', 'echo')));
  assert.deepEqual(lines(plan), ['replace web', 'run web/one']);
  assert.match(plan.operations[0]?.reason ?? '', /recreate: the disk grows from 10 GB to 20 GB/);
});

test('a machine that left the lab is deleted, or forgotten when it is to be retained', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void [l.vm('a'), l.vm('b', { retain: true })]));
  const { plan } = await bench.apply(lab((l) => void l.vm('c')));
  assert.deepEqual(lines(plan).slice(0, 2), ['delete a', 'update b']);
  assert.ok(bench.host.machine('b'), 'it is still there');
  assert.deepEqual(
    (await bench.engine('web').machines()).map((machine) => machine.name),
    ['c'],
  );
});

test('a protected machine is neither replaced nor destroyed, and the plan still shows what would change', async () => {
  const bench = newBench();
  const program = (disk: '10 GB' | '20 GB') => lab((l) => void l.vm('web', { disk, protect: true }));
  await bench.apply(program('10 GB'));
  const plan = await bench.plan(program('20 GB'));
  assert.deepEqual(lines(plan), ['replace web']);
  assert.equal(plan.operations[0]?.diff[0]?.property, 'disk');
  await assert.rejects(bench.apply(program('20 GB')), { code: 'protected' });
  await assert.rejects(bench.destroy(program('10 GB')), { code: 'protected' });
  assert.equal(bench.host.machine('web')?.status, 'running');
});

test('ignored changes keep what is recorded', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('web').run('one', 'echo')));
  const changed = (ignoreChanges: readonly ('memory' | 'disk' | 'steps')[]) =>
    lab((l) => void l.vm('web', { memory: '1 GiB', disk: '30 GB', ignoreChanges }).run('one', 'changed'));
  assert.deepEqual(lines(await bench.plan(changed(['memory', 'disk', 'steps']))), []);
  assert.deepEqual(lines(await bench.plan(changed(['disk', 'steps']))), ['update web']);
});

test('a renamed machine keeps its disk, its address and its ports', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('old').run('one', 'echo')));
  const before = await bench.engine('web').machine('old');
  const renamed = lab((l) => void l.vm('new', { renamedFrom: 'old' }).run('one', 'echo'));
  const { plan } = await bench.apply(renamed);
  assert.deepEqual(lines(plan), ['update new']);
  const after = await bench.engine('web').machine('new');
  assert.deepEqual(after.spec, before.spec);
  assert.deepEqual(lines(await bench.plan(lab((l) => void l.vm('new').run('one', 'echo')))), []);
});

test('targets take what they need with them, and exclusion what leans on it', async () => {
  const bench = newBench();
  const program = lab((l) => {
    const base = l.template('base').checkpoint('x');
    l.vm('a', { from: base.at.x });
    l.vm('b');
  });
  const resources = (plan: Plan) => plan.operations.map((operation) => operation.resource.name);
  assert.deepEqual([...new Set(resources(await bench.plan(program, { target: ['a'] })))], ['base', 'a']);
  assert.deepEqual([...new Set(resources(await bench.plan(program, { exclude: ['base'] })))], ['b']);
  assert.deepEqual([...new Set(resources(await bench.plan(program, { target: [] })))], ['base', 'a', 'b']);
  await assert.rejects(bench.plan(program, { target: ['bb'] }), { code: 'machine-unknown', hint: 'did you mean "b"?' });
});

test('a machine is recreated on request', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web').run('one', 'echo'));
  await bench.apply(program);
  assert.deepEqual(lines(await bench.plan(program, { replace: ['web'] })), ['reuse web/one', 'replace web']);
});

test('what happened to a machine outside goqemu is shown, and repaired', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web').run('one', 'echo 1').run('two', 'echo 2'));
  await bench.apply(program);
  const machine = () => bench.host.machine('web') ?? assert.fail('web is gone');
  const repaired = async (expected: readonly string[], reason: RegExp) => {
    const { plan } = await bench.apply(program);
    assert.deepEqual(lines(plan), expected);
    assert.match(plan.operations.map((operation) => operation.reason).join('; '), reason);
    assert.deepEqual(lines(await bench.plan(program)), []);
  };
  bench.host.crash('web');
  await repaired(['start web'], /it has died/);
  machine().spec = { ...machine().spec, memory: 2 ** 30 };
  await repaired(['update web'], /restart: memory/);
  const [, second] = [...bench.host.layers.keys()];
  bench.host.restoreBehind('web', second ?? '');
  await repaired(['update web', 'reuse web/two', 'restore web'], /restored outside goqemu/);
  bench.host.loseDisk('web');
  await repaired(['reuse web/two', 'replace web'], /disk is gone or damaged/);
});

test('refresh says what has drifted', async () => {
  const bench = newBench();
  const program = lab((l) => void [l.vm('a'), l.vm('b')]);
  await bench.apply(program);
  bench.host.crash('a');
  bench.host.loseDisk('b');
  assert.deepEqual((await bench.engine('web').refresh()).drift, [
    { resource: { kind: 'machine', name: 'a' }, reason: 'it is crashed' },
    { resource: { kind: 'machine', name: 'b' }, reason: 'its disk is gone' },
  ]);
  assert.deepEqual(lines(await bench.plan(program)), ['start a', 'reuse b', 'create b']);
});

test('machines that exchange their host ports do so in one apply, while they run: one of them gives its own up first', async () => {
  const at = (ports: Readonly<Record<string, number>>) =>
    lab((l) => {
      for (const [name, host] of Object.entries(ports)) l.vm(name, { forward: { http: { host, guest: 80 } } });
    });
  const bench = newBench();
  await bench.apply(at({ a: 8001, b: 8002, c: 8003 }));
  const pair = await bench.apply(at({ a: 8002, b: 8001, c: 8003 }));
  assert.deepEqual(lines(pair.plan), ['update b', 'update a', 'update b']);
  const [release] = pair.plan.operations;
  assert.equal(release?.reason, 'another machine takes over its ports, and each of the two waits for the other');
  assert.deepEqual(release?.diff, [{ property: 'forward.http', before: '127.0.0.1:8002 to port 80' }]);
  assert.equal(pair.result.outcome, 'done');
  const ring = await bench.apply(at({ a: 8003, b: 8002, c: 8001 }));
  assert.equal(lines(ring.plan).length, 4);
  assert.equal(ring.result.outcome, 'done');
  assert.deepEqual(lines(await bench.plan(at({ a: 8003, b: 8002, c: 8001 }))), []);
  bench.host.crash('b');
  const dead = await bench.apply(at({ a: 8002, b: 8003, c: 8001 }));
  assert.deepEqual(lines(dead.plan), ['update a', 'update b', 'start b'], 'one that does not run holds no port');
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => bench.host.machine(name)?.boots),
    [1, 2, 1],
  );
  assert.equal(dead.result.outcome, 'done');
});

test('a machine that waits for another one’s layers gives its port to it all the same', async () => {
  const bench = newBench();
  const program = (ports: readonly [number, number], text: string) =>
    lab((l) => {
      const a = l
        .vm('a', { forward: { http: { host: ports[0], guest: 80 } } })
        .run('one', text)
        .checkpoint('ready');
      l.vm('b', { from: a.at.ready, forward: { http: { host: ports[1], guest: 80 } } });
    });
  await bench.apply(program([8001, 8002], 'echo 1'));
  const { plan, result } = await bench.apply(program([8002, 8001], 'echo 2'));
  assert.equal(result.outcome, 'done', lines(plan).join(', '));
  assert.deepEqual(
    lines(plan).filter((line) => line.endsWith(' b')),
    ['stop b', 'restore b'],
  );
  assert.deepEqual(lines(await bench.plan(program([8002, 8001], 'echo 2'))), []);
});

test('a host port of the lab that is taken is an error, and a chosen one is chosen elsewhere', async () => {
  const bench = newBench();
  const chosen = (await bench.evaluate(lab((l) => void l.vm('web')))).machines[0]?.identity.sshPort ?? 0;
  bench.host.takePort(chosen);
  bench.host.takePort(8080);
  const program = lab((l) => void l.vm('web', { forward: { http: { host: 8080, guest: 80 } } }));
  const plan = await bench.plan(program);
  assert.notEqual((await bench.evaluate(program)).machines[0]?.identity.sshPort, chosen);
  assert.equal(plan.preflight[0]?.code, 'port-taken');
  assert.match(plan.preflight[0]?.message ?? '', /web: port 8080 /);
  assert.equal(plan.preflight[0]?.location?.file, import.meta.filename);
  assert.ok(plan.preflight[0]?.location?.line);
  await assert.rejects(bench.apply(program), { code: 'port-taken' });
  bench.host.takePort(8080, 'machine web of the lab shop-0123 (process 7)', 'clear it');
  const [notice] = (await bench.plan(program)).preflight;
  assert.match(notice?.message ?? '', /taken by machine web of the lab shop-0123 \(process 7\)/);
  assert.equal(notice?.hint, 'clear it');
});

test('machines that the host cannot hold together are refused beforehand; templates take turns', async () => {
  const bench = newBench();
  bench.host.memory = 5 * 2 ** 30;
  await assert.rejects(bench.apply(lab((l) => void [l.vm('a'), l.vm('b')])), { code: 'memory-short' });
  const { result } = await bench.apply(
    lab((l) => void [l.template('a').checkpoint('x'), l.template('b', { disk: '20 GB' }).checkpoint('x')]),
    { parallel: 4 },
  );
  assert.equal(result.outcome, 'done');
});

test('a plan that starts nothing asks for no memory: what runs has it', async () => {
  const bench = newBench();
  const both = lab((l) => void [l.vm('a'), l.vm('b')]);
  await bench.apply(both);
  bench.host.memory = 2 ** 30;
  assert.deepEqual((await bench.plan(both)).preflight, []);
});

test('an unknown image is an error with its place in the lab', async () => {
  await assert.rejects(
    newBench().plan(lab((l) => void l.vm('web', { image: 'debain-12' }))),
    (error: { code: string; location: { file: string } }) => {
      assert.equal(error.code, 'image-unknown');
      assert.equal(error.location.file, import.meta.filename);
      return true;
    },
  );
});

test('the lock file keeps a lab on the image that it was first applied with', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web').run('one', 'echo'));
  await bench.apply(program);
  bench.host.images.set('debian-12', 'sha256:newer');
  const plan = await bench.plan(program);
  assert.deepEqual(lines(plan), []);
  assert.equal(plan.notices[0]?.code, 'image-moved');
  const more = lab((l) => void [l.vm('web').run('one', 'echo'), l.vm('other', { disk: '20 GB' })]);
  await assert.rejects(bench.apply(more), { code: 'image-moved' });
  const engine = bench.engine('web');
  const evaluated = await bench.evaluate(program);
  assert.equal((await engine.lock(evaluated, { update: false })).length, 1);
  const [change] = await engine.lock(evaluated, { update: true });
  assert.equal(change?.before?.key, 'sha256:debian-12');
  assert.equal(change?.after?.key, 'sha256:newer');
  assert.deepEqual(lines(await bench.plan(program)), ['replace web', 'run web/one']);
});

test('touching a file that is uploaded changes nothing; changing it runs the step again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-plan-'));
  try {
    const site = join(folder, 'site.txt');
    await writeFile(site, 'one');
    const bench = new LabBench({ labFile: join(folder, 'lab.ts') });
    const program = lab((l) => void l.vm('web').upload('site', './site.txt', '/var/www/site.txt'));
    await bench.apply(program);
    await utimes(site, 1, 1);
    assert.deepEqual(lines(await bench.plan(program)), []);
    await writeFile(site, 'two');
    assert.deepEqual(lines(await bench.plan(program)), ['restore web', 'run web/site']);
    await rm(site);
    await assert.rejects(bench.plan(program), { code: 'source-unreadable' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a template file is rendered with values, late ones included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-plan-'));
  try {
    await writeFile(join(folder, 'app.conf'), 'port={{port}} token={{ token }} {{other');
    const bench = new LabBench({ labFile: join(folder, 'lab.ts') });
    const program = (values: object) =>
      lab((l) => {
        const web = l.vm('web').capture('token', 'echo secretish');
        web.render('conf', './app.conf', '/etc/app.conf', { token: web.out.token, ...values });
      });
    await bench.apply(program({ port: 80 }));
    assert.match(bench.host.machine('web')?.disk.at(-1) ?? '', /port=80 token=secretish \{\{other/);
    await assert.rejects(bench.plan(program({})), { code: 'template-value-missing' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a host port goes from a machine to one that is declared before it, in one apply', async () => {
  const bench = new LabBench();
  const program = (owner: 'a' | 'b', text: string) =>
    defineLab({ name: 'web' }, (lab) => {
      const forward = { http: { host: 8001, guest: 80 } };
      lab.vm('a', owner === 'a' ? { forward } : {}).run('step', `echo ${text}`);
      lab.vm('b', owner === 'b' ? { forward } : {});
    });
  await bench.apply(program('b', 'one'));
  await bench.apply(program('a', 'two'));
  assert.deepEqual((await bench.plan(program('a', 'two'))).operations, []);
});

test('a saved plan is applied as it is, once; when the lab has moved on it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-plan-'));
  try {
    const path = join(folder, 'plan.json');
    const bench = newBench();
    const program = (script: string) => lab((l) => void l.vm('web').run('one', script));
    await bench.apply(program('v1'));
    const engine = bench.engine('web');
    await engine.savePlan(await bench.plan(program('v2')), path);
    const saved = await Engine.readPlan(path);
    assert.ok(saved.operations.at(-1)?.location?.line, 'a saved plan knows the place of a step');
    assert.equal((await bench.engine('web').apply(saved)).outcome, 'done');
    await assert.rejects(bench.engine('web').apply(saved), { code: 'plan-stale' });
    await writeFile(path, '{}');
    await assert.rejects(Engine.readPlan(path), { code: 'plan-invalid' });
    await writeFile(path, JSON.stringify({ ...saved, version: 99 }));
    await assert.rejects(Engine.readPlan(path), { code: 'plan-newer' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('estimates come from what things took before', async () => {
  const bench = newBench();
  const program = (script: string) => lab((l) => void l.vm('web').run('one', script));
  const { plan } = await bench.apply(program('v1'));
  assert.equal(planReport(plan).operations[0]?.estimateSeconds, null);
  const again = planReport(await bench.plan(program('v2')));
  assert.equal(typeof again.operations.at(-1)?.estimateSeconds, 'number');
});

test('the report of a plan is that of the documentation', async () => {
  const report = planReport(await newBench().plan(lab((l) => void l.vm('web').run('one', 'echo'))));
  assert.deepEqual(Object.keys(report), ['version', 'lab', 'stack', 'changes', 'problems', 'operations']);
  assert.equal(report.changes, 2);
  for (const operation of report.operations) {
    assert.deepEqual(Object.keys(operation), ['action', 'resource', 'kind', 'reason', 'diff', 'estimateSeconds']);
  }
});
