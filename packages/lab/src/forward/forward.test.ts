import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench, type LabBenchOptions } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { ForwardChange } from './forward-change.ts';

type Forward = NonNullable<MachineOptions['forward']>;

const newBench = (options: LabBenchOptions = {}) => new LabBench({ labFile: import.meta.filename, ...options });
const lab = (forward: Forward, db: Forward = {}) =>
  defineLab({ name: 'web' }, (l) => void [l.vm('web', { forward }), l.vm('db', { forward: db })]);
const http = { http: { guest: 80, host: 8080 } };

async function forward(bench: LabBench, change: ForwardChange) {
  const engine = bench.engine('web');
  const plan = await engine.planForward(change);
  const { errors } = await engine.apply(plan);
  assert.deepEqual(errors, []);
  return plan;
}

const forwards = (bench: LabBench, name = 'web') => bench.host.machine(name)?.spec.forwards;

test('an edit of forward in the lab is applied while the machine runs', async () => {
  const bench = newBench();
  await bench.apply(lab(http));
  const { plan } = await bench.apply(lab({ http: { guest: 80, host: 8081 }, dns: { guest: 53, protocol: 'udp' } }));
  const [update] = plan.operations;
  assert.deepEqual([plan.operations.length, update?.changeClass], [1, 'live']);
  assert.deepEqual(update?.diff[0], {
    property: 'forward.http',
    before: '127.0.0.1:8080 to port 80',
    after: '127.0.0.1:8081 to port 80',
  });
  assert.match(String(update?.diff[1]?.after), /^127\.0\.0\.1:2\d{4} to port 53 \(udp\)$/);
  assert.equal(forwards(bench)?.http?.host, 8081);
  assert.equal(forwards(bench)?.dns?.protocol, 'udp');
  assert.equal(bench.host.machine('web')?.boots, 1);
});

test('a host port of 0 is chosen and kept; the same number by TCP and by UDP are two ports', async () => {
  const bench = newBench();
  const program = lab({
    http: { guest: 80, host: 0 },
    dns: { guest: 53, host: 5353, protocol: 'udp' },
    tcp: { guest: 53, host: 5353 },
  });
  await bench.apply(program);
  const chosen = forwards(bench)?.http?.host ?? 0;
  assert.ok(chosen >= 20_000);
  assert.deepEqual((await bench.plan(program)).operations, []);
  await assert.rejects(
    bench.plan(lab({ a: { guest: 1, host: 53, protocol: 'udp' }, b: { guest: 2, host: 53, protocol: 'udp' } })),
    {
      code: 'port-duplicate',
    },
  );
  await assert.rejects(bench.plan(lab({ a: { guest: 1, protocol: 'sctp' as 'udp' } })), { code: 'option-invalid' });
});

test('a UDP port that is taken is not the TCP port of its number', async () => {
  const bench = newBench();
  bench.host.takePort('udp:5353');
  const [problem] = (await bench.plan(lab({ dns: { guest: 53, host: 5353, protocol: 'udp' } }))).preflight;
  assert.equal(problem?.code, 'port-taken');
  assert.deepEqual((await bench.plan(lab({ dns: { guest: 53, host: 5353 } }))).preflight, []);
});

test('changing forwards fails or is killed in between: the next apply leaves what the lab says, also what it said before', async () => {
  for (const host of [8081, 8080]) {
    let armed = false;
    const bench = newBench({
      fault: ({ verb }, moment) => {
        if (!armed || verb !== 'setForwards' || moment !== 'after') return;
        armed = false;
        throw new Error('killed');
      },
    });
    await bench.apply(lab(http));
    armed = true;
    const { result } = await bench.tryApply(lab({ http: { guest: 80, host: 8081 } }));
    assert.equal(result.outcome, 'failed');
    await bench.apply(lab({ http: { guest: 80, host } }));
    assert.deepEqual((await bench.plan(lab({ http: { guest: 80, host } }))).operations, []);
  }
});

test('a forward that is added manually stays over applies, restarts and restores, until it is removed', async () => {
  const bench = newBench();
  await bench.apply(lab(http));
  const engine = bench.engine('web');
  const { id } = await engine.createCheckpoint({ description: 'before' });
  const plan = await forward(bench, { machine: 'web', add: { host: 8081, guest: 81 } });
  assert.deepEqual(plan.operations[0]?.diff, [{ property: 'forward.tcp:8081', after: '127.0.0.1:8081 to port 81' }]);
  const isThere = () => assert.deepEqual(forwards(bench)?.['tcp:8081'], { host: 8081, guest: 81, manual: true });
  isThere();
  assert.deepEqual((await bench.plan(lab(http))).operations, []);
  await bench.apply(lab({ http: { guest: 80, host: 8088 } }));
  isThere();
  await engine.apply(await engine.planPower('restart', { machines: ['web'] }));
  isThere();
  await bench.engine('web').restoreCheckpoint(id);
  isThere();
  const { machines } = await bench.engine('web').status();
  assert.deepEqual(
    machines.find(({ name }) => name === 'web')?.forwards.map(({ name, host, manual }) => [name, host, manual]),
    [
      ['http', 8088, false],
      ['tcp:8081', 8081, true],
    ],
  );
  await forward(bench, { machine: 'web', remove: 8081 });
  assert.deepEqual(Object.keys(forwards(bench) ?? {}), ['http']);
  assert.equal(
    (await forward(bench, { machine: 'web', add: { host: 8088, guest: 80 } })).operations.length,
    0,
    'the lab has it',
  );
});

test('manually, port 0 is chosen, and of a machine that is stopped it counts from the next start', async () => {
  const bench = newBench();
  await bench.apply(lab({}));
  const engine = bench.engine('web');
  await engine.apply(await engine.planPower('stop', { machines: ['web'] }));
  const plan = await forward(bench, { machine: 'web', add: { protocol: 'udp', host: 0, guest: 53 } });
  assert.equal(plan.operations[0]?.reason, 'requested with goqemu forward, with its next start');
  await engine.apply(await engine.planPower('start'));
  const [added] = Object.values(forwards(bench) ?? {});
  assert.deepEqual([added?.protocol, added?.guest], ['udp', 53]);
  assert.ok((added?.host ?? 0) >= 20_000);
});

test('the lab takes a port over from the same machine’s manual forward, and the plan names another machine that has it', async () => {
  const bench = newBench();
  await bench.apply(lab({}));
  await forward(bench, { machine: 'web', add: { host: 8080, guest: 81 } });
  const [problem] = (await bench.plan(lab({}, http))).preflight;
  assert.equal(problem?.message, 'db: port 8080 of the host was forwarded to web manually');
  assert.equal(problem?.hint, 'take that forward away: goqemu forward web --remove tcp:8080');
  await bench.apply(lab(http));
  assert.deepEqual(forwards(bench), { http: { host: 8080, guest: 80 } });
});

test('what cannot be forwarded manually is said, with who has the port', async () => {
  const bench = newBench();
  await bench.apply(lab(http, { db: { guest: 5432, host: 15_432 } }));
  const plan = (change: ForwardChange) => bench.engine('web').planForward(change);
  await assert.rejects(plan({ machine: 'wbe', remove: 1 }), { code: 'machine-unknown' });
  await assert.rejects(plan({ machine: 'web', add: { host: 15_432, guest: 1 } }), {
    code: 'port-taken',
    message: 'port 15432 of the host leads to db already (forward.db)',
  });
  await assert.rejects(plan({ machine: 'web', add: { host: 8080, guest: 1 } }), { code: 'forward-refused' });
  await assert.rejects(plan({ machine: 'web', remove: 8080 }), { code: 'forward-refused' });
  await assert.rejects(plan({ machine: 'web', remove: 'udp:8080' }), { code: 'forward-missing' });
  bench.host.takePort(8090, 'process 7 (nginx)');
  const { preflight } = await plan({ machine: 'web', add: { host: 8090, guest: 1 } });
  assert.equal(preflight[0]?.message, 'web: port 8090 of the host is taken by process 7 (nginx)');
});
