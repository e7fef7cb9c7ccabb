import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkFaults } from '@goqemu/spec';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder, type LabDefinition } from '../definition/define-lab.ts';
import type { Plan } from '../plan/plan.ts';
import { problemsOf } from '../plan/plan.ts';
import type { PowerVerb } from '../power/power-verb.ts';
import { planReport } from '../report/plan-report.ts';
import { resourceKey } from '../resource/resource-ref.ts';

const labOf = (program: (lab: LabBuilder) => void): LabDefinition =>
  defineLab({ name: 'wired' }, (lab) => {
    program(lab);
  });

const wired = labOf((lab) => {
  const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
  lab.vm('web', { networks: { lan } }).run('one', 'echo one');
  lab.vm('db', { networks: { lan } });
  lab.vm('alone');
});
const lines = (plan: Plan) =>
  plan.operations.map(({ action, resource, reason }) => `${action} ${resourceKey(resource)}: ${reason}`);
/** Which operations one waits for. */
const before = (plan: Plan, key: string) =>
  plan.operations
    .find(({ resource }) => resourceKey(resource) === key)
    ?.dependsOn.map((id) =>
      resourceKey(plan.operations.find((one) => one.id === id)?.resource ?? { kind: '', name: id }),
    );
const addresses = (bench: LabBench) =>
  Object.fromEntries(
    [...bench.host.machines.values()].map(({ spec }) => [spec.name, spec.identity.cards?.map(({ ip }) => ip) ?? []]),
  );
const carried = (bench: LabBench) =>
  [...bench.host.switches.values()].map(({ configuration, status }) => ({
    status,
    networks: configuration.networks.map(({ name, cidr }) => `${name} ${cidr}`),
    machines: Object.fromEntries(
      configuration.machines.map(({ hostname, cards }) => [
        hostname,
        cards.map(({ network, slot, ip }) => `${network} ${slot} ${ip}`),
      ]),
    ),
  }));

test('a network is made before the machines in it, and removed after all machines', async () => {
  const bench = new LabBench();
  const { plan } = await bench.apply(wired);
  const [first] = plan.operations;
  assert.equal(`${first?.action} ${resourceKey(first?.resource ?? { kind: '', name: '' })}`, 'create network/lan');
  assert.deepEqual(first?.diff, [
    { property: 'cidr', after: '10.40.0.0/24' },
    { property: 'machine.web', after: '10.40.0.10' },
    { property: 'machine.db', after: '10.40.0.11' },
  ]);
  assert.deepEqual(addresses(bench), { web: ['10.40.0.10'], db: ['10.40.0.11'], alone: [] });
  assert.deepEqual(carried(bench), [
    {
      status: 'running',
      networks: ['lan 10.40.0.0/24'],
      machines: { db: ['lan 0 10.40.0.11'], web: ['lan 0 10.40.0.10'] },
    },
  ]);
  assert.deepEqual(lines(await bench.plan(wired)), []);
  const [web] = plan.operations.filter(({ action, resource }) => action === 'create' && resource.name === 'web');
  assert.ok(web?.dependsOn.includes(first?.id ?? ''));

  const removal = await bench.engine('wired').planDestroy();
  const last = removal.operations.find(({ resource }) => resource.kind === 'network');
  assert.equal(last?.dependsOn.length, 3);
  await bench.destroy(wired);
  assert.deepEqual([bench.host.switches.size, bench.host.machines.size, bench.host.disposed], [0, 0, 1]);
});

/** In a network with a way out; "alone" is a machine in no network before. */
const withWayOut = (names: readonly string[]) =>
  labOf((lab) => {
    const lan = lab.network('lan', { cidr: '10.40.0.0/24', nat: true });
    for (const name of names) {
      const vm = lab.vm(name, { networks: { lan } });
      if (name === 'web') vm.run('one', 'echo one');
    }
    if (!names.includes('alone')) lab.vm('alone');
  });

test('a machine more disturbs none of the others: addresses and cards stay, and nothing restarts', async () => {
  const bench = new LabBench();
  await bench.apply(withWayOut(['web', 'db']));
  const grown = withWayOut(['first', 'web', 'db', 'alone']);
  const { plan } = await bench.apply(grown);
  assert.deepEqual(
    plan.operations.map(({ action, resource, changeClass }) => `${action} ${resourceKey(resource)} ${changeClass}`),
    [
      'update network/lan live',
      'reuse machine/first undefined',
      'create machine/first undefined',
      'update machine/alone live',
    ],
  );
  assert.equal(plan.operations[0]?.reason, 'first, alone join');
  assert.deepEqual(addresses(bench), {
    ...{ web: ['10.40.0.10'], db: ['10.40.0.11'] },
    ...{ first: ['10.40.0.12'], alone: ['10.40.0.13'] },
  });
  assert.deepEqual(
    [...bench.host.machines.values()].map(({ boots }) => boots),
    [1, 1, 1, 1],
  );
  assert.deepEqual(lines(await bench.plan(grown)), []);
});

test('a machine that is taken out leaves its network, and another range moves all of them, live', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const changed = labOf((lab) => {
    const lan = lab.network('lan', { cidr: '10.41.0.0/28' });
    lab.vm('db', { networks: { lan } });
    lab.vm('alone');
  });
  const { plan } = await bench.apply(changed);
  assert.deepEqual(lines(plan).sort(), [
    'delete machine/web: it is no longer in the lab',
    'update machine/db: networks.lan changes',
    'update network/lan: its cidr changes; web leaves',
  ]);
  assert.deepEqual(addresses(bench), { db: ['10.41.0.11'], alone: [] });
  assert.deepEqual(carried(bench)[0]?.machines, { db: ['lan 0 10.41.0.11'] });
  assert.equal(bench.host.machine('db')?.boots, 1);
});

test('a card keeps its slot when another one is taken away, and a card that moves is in one network alone', async () => {
  const bench = new LabBench();
  const lab = (cards: (lan: string, dmz: string) => readonly string[]) =>
    labOf((builder) => {
      const networks = { lan: builder.network('lan'), dmz: builder.network('dmz', { ipv6: true }) };
      const chosen = cards('lan', 'dmz') as ('lan' | 'dmz')[];
      builder.vm('web', {
        networks: Object.fromEntries(chosen.map((name, index) => [`${name}${index}`, networks[name]])),
      });
    });
  await bench.apply(lab((lan, dmz) => [lan, dmz, lan]));
  const slots = () => bench.host.machine('web')?.spec.identity.cards?.map(({ name, slot }) => `${name} ${slot}`);
  assert.deepEqual(slots(), ['lan0 0', 'dmz1 1', 'lan2 2']);
  const macs = new Set(bench.host.machine('web')?.spec.identity.cards?.map(({ mac }) => mac));
  assert.equal(macs.size, 3);
  await bench.apply(
    labOf((builder) => {
      const [lan, dmz] = [builder.network('lan'), builder.network('dmz', { ipv6: true })];
      builder.vm('web', { networks: { lan2: dmz, lan0: lan } });
    }),
  );
  assert.deepEqual(slots(), ['lan0 0', 'lan2 2']);
  const [{ machines } = { machines: {} }] = carried(bench);
  assert.deepEqual(
    (machines as Record<string, string[]>).web?.map((card) => card.split(' ').slice(0, 2).join(' ')),
    ['lan 0', 'dmz 2'],
  );
});

test('a switch that has died is shown and brought up again, and no machine is restarted for it', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  bench.host.killSwitch();
  assert.deepEqual((await bench.engine('wired').status()).networks, [
    { name: 'lan', cidr: '10.40.0.0/24', state: 'down', reason: 'its switch has died' },
  ]);
  assert.deepEqual((await bench.engine('wired').refresh()).drift, [
    { resource: { kind: 'network', name: 'lan' }, reason: 'it is down: its switch has died' },
  ]);
  const { plan } = await bench.apply(wired);
  assert.deepEqual(lines(plan), ['start network/lan: its switch has died']);
  assert.equal(bench.host.machine('web')?.boots, 1);
  bench.host.switches.clear();
  assert.deepEqual(lines(await bench.plan(wired)), ['start network/lan: nothing of it is there']);
});

test('a range that the host uses is a problem of the plan, with its place; without a range a free one is chosen and kept', async () => {
  const bench = new LabBench();
  bench.host.takenRanges = [{ cidr: '10.40.0.0/16', holder: 'the route of this host over eth0' }];
  const [problem] = planReport(await bench.plan(wired)).problems;
  assert.deepEqual(
    [problem?.code, problem?.message, problem?.resource, problem?.kind, problem?.location !== null],
    [
      'network-address-taken',
      'lan: 10.40.0.0/24 overlaps 10.40.0.0/16, the route of this host over eth0',
      'lan',
      'network',
      true,
    ],
  );
  await assert.rejects(bench.tryApply(wired), { code: 'network-address-taken', subject: 'lan' });
  assert.equal(bench.host.machines.size, 0);

  const open = labOf((lab) => {
    lab.vm('web', { networks: { lan: lab.network('lan') } });
  });
  const cidr = async () => (await bench.evaluate(open)).networks[0]?.spec.cidr ?? '';
  bench.host.takenRanges = [];
  const wish = await cidr();
  bench.host.takenRanges = [{ cidr: wish, holder: 'a tunnel' }];
  const chosen = await cidr();
  assert.notEqual(chosen, wish);
  await bench.apply(open);
  bench.host.takenRanges = [{ cidr: chosen, holder: 'a tunnel that came later' }];
  assert.equal(await cidr(), chosen);
  assert.deepEqual([lines(await bench.plan(open)), problemsOf(await bench.plan(open))], [[], []]);
});

test('where there are no networks between machines, a lab with some is refused, and one without is as always', async () => {
  const bench = new LabBench({ capabilities: { networks: false } });
  await assert.rejects(bench.tryApply(wired), { code: 'networks-unsupported', subject: 'lan' });
  const plain = labOf((lab) => {
    lab.vm('web');
  });
  await bench.apply(plain);
  assert.deepEqual((await bench.engine('wired').status()).networks, []);
});

test('a lab without networks asks the backend for none, and its state does not mention them', async () => {
  const verbs: string[] = [];
  const bench = new LabBench({ fault: ({ verb }) => void verbs.push(verb) });
  await bench.apply(labOf((lab) => void lab.vm('web')));
  assert.deepEqual(
    verbs.filter((verb) => verb.includes('etworks') || verb === 'hostRoutes'),
    [],
  );
  assert.doesNotMatch((await bench.storage.read('state')) ?? '', /networks?"|cards/);
});

test('--target takes a machine with its networks, and leaves the cards of the others as they are', async () => {
  const bench = new LabBench();
  const plan = await bench.plan(wired, { target: ['web'] });
  assert.deepEqual(
    [...new Set(plan.operations.map(({ resource }) => resourceKey(resource)))],
    ['network/lan', 'machine/web'],
  );
  await bench.apply(wired, { target: ['web'] });
  assert.deepEqual(carried(bench)[0]?.machines, { web: ['lan 0 10.40.0.10'] });
  await bench.apply(wired);
  const moved = labOf((lab) => {
    const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
    lab.vm('web').run('one', 'echo one');
    lab.vm('db', { networks: { other: lan } });
    lab.vm('alone');
  });
  await bench.apply(moved, { target: ['db'] });
  assert.deepEqual(carried(bench)[0]?.machines, { db: ['lan 0 10.40.0.11'], web: ['lan 0 10.40.0.10'] });
});

test('a machine keeps its address when it is renamed, and is known by both of its names', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const renamed = labOf((lab) => {
    const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
    lab.vm('front', { networks: { lan }, renamedFrom: 'web' }).run('one', 'echo one');
    lab.vm('db', { networks: { lan } });
    lab.vm('alone');
  });
  await bench.apply(renamed);
  const [{ configuration } = { configuration: undefined }] = bench.host.switches.values();
  const front = configuration?.machines.find(({ name }) => name === 'web');
  assert.deepEqual([front?.hostname, front?.aliases, front?.cards[0]?.ip], ['web', ['front'], '10.40.0.10']);
  assert.deepEqual(lines(await bench.plan(renamed)), []);
});

test('a fork has networks of its own with the same addresses, and a restore brings a dead switch up', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const engine = bench.engine('wired');
  const { id } = await engine.createCheckpoint({ description: 'then' });
  const { forks } = await engine.fork(id);
  const both = carried(bench);
  assert.equal(both.length, 2);
  assert.deepEqual(both[0], both[1]);
  const fork = engine.stack(forks[0]?.name ?? '');
  bench.host.killSwitch('default');
  assert.deepEqual(
    (await fork.status()).networks.map(({ state }) => state),
    ['running'],
  );
  await engine.restoreCheckpoint(id);
  assert.deepEqual(
    (await engine.status()).networks.map(({ state }) => state),
    ['running'],
  );
  await fork.removeFork();
  assert.equal(bench.host.switches.size, 1);
});

test('goqemu start brings the networks of a machine up before it, as after a reboot of the host', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const engine = bench.engine('wired');
  await engine.apply(await engine.planPower('stop', { machines: ['web'] }));
  bench.host.killSwitch();
  const plan = await engine.planPower('start', { machines: ['web'] });
  assert.deepEqual(
    plan.operations.map(({ action, resource, dependsOn }) => [action, resourceKey(resource), dependsOn.length]),
    [
      ['start', 'network/lan', 0],
      ['start', 'machine/web', 1],
    ],
  );
  assert.deepEqual((await engine.apply(plan)).errors, []);
  assert.deepEqual(lines(await bench.plan(wired)), []);
});

test('the switch ends with the last machine in its networks, whatever stops it, and comes back with the first', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const engine = bench.engine('wired');
  const power = async (verb: PowerVerb, ...machines: string[]) => {
    const plan = await engine.planPower(verb, { machines });
    assert.deepEqual((await engine.apply(plan)).errors, []);
    return plan;
  };
  const carrier = () => [...bench.host.switches.values()].map(({ status }) => status);
  await power('stop', 'web');
  await power('suspend', 'alone');
  assert.deepEqual(carrier(), ['running'], 'db is left in the network');
  const last = await power('suspend', 'db');
  assert.deepEqual(lines(last), [
    'suspend machine/db: requested with goqemu suspend',
    'stop network/lan: no machine in it runs',
  ]);
  assert.deepEqual(before(last, 'network/lan'), ['machine/db']);
  assert.deepEqual(carrier(), ['stopped']);
  assert.deepEqual(
    (await engine.status()).networks.map(({ state, reason }) => [state, reason]),
    [['down', 'no machine in it runs']],
  );
  assert.deepEqual((await engine.refresh()).drift, []);
  assert.deepEqual(lines(await bench.plan(wired)), [], 'it stands still on purpose');

  const first = await power('resume', 'db');
  assert.deepEqual(lines(first), [
    'start network/lan: a machine in it is to run',
    'resume machine/db: requested with goqemu resume',
  ]);
  await power('restart');
  assert.deepEqual(carrier(), ['running']);
  assert.deepEqual(lines(await power('stop')).at(-1), 'stop network/lan: no machine in it runs');
  assert.deepEqual(lines(await power('stop')), []);
  await power('restart');
  assert.deepEqual(carrier(), ['running']);
  assert.equal([...bench.host.switches.values()][0]?.starts, 3);
});

test('a network that changes while all its machines are stopped is noted, and made with the first that starts', async () => {
  const bench = new LabBench();
  const program = (names: readonly string[], faults: NetworkFaults = {}, more = false) =>
    labOf((lab) => {
      const lan = lab.network('lan', { cidr: '10.40.0.0/24', faults });
      if (more) lab.network('dmz', { cidr: '10.41.0.0/24' });
      for (const name of names) lab.vm(name, { networks: { lan } });
    });
  const carrier = () => [...bench.host.switches.values()].map(({ status, starts }) => `${status} ${starts}`);
  await bench.apply(program(['web', 'db'], {}, true));
  const engine = bench.engine('wired');
  await engine.apply(await engine.planPower('stop', {}));
  assert.deepEqual(carrier(), ['stopped 1']);
  const changed = program(['web', 'db'], { latency: 50 });
  const { plan } = await bench.apply(changed);
  assert.deepEqual(lines(plan), [
    'update network/lan: its faults change',
    'delete network/dmz: it is no longer in the lab',
  ]);
  assert.deepEqual(carrier(), ['stopped 1']);
  assert.deepEqual(lines(await bench.plan(changed)), []);
  await engine.apply(await engine.planPower('start', { machines: ['web'] }));
  const { configuration } = [...bench.host.switches.values()][0] ?? assert.fail('no switch');
  assert.deepEqual(
    configuration.networks.map(({ name, faults }) => [name, faults]),
    [['lan', { latency: 50 }]],
  );
  assert.deepEqual(carrier(), ['running 2']);

  await engine.apply(await engine.planPower('stop', {}));
  await bench.apply(program(['web', 'db', 'new'], { latency: 60 }));
  assert.deepEqual(carrier(), ['running 3'], 'a machine that is made needs it');
});

test('a network that its last machine leaves while it is stopped is carried again, as one without machines is', async () => {
  const bench = new LabBench();
  const program = (isIn: boolean) =>
    labOf((lab) => {
      const lan = lab.network('lan');
      lab.vm('web', isIn ? { networks: { lan } } : {});
    });
  await bench.apply(program(true));
  const engine = bench.engine('wired');
  await engine.apply(await engine.planPower('stop', {}));
  const { plan } = await bench.apply(program(false));
  assert.equal(lines(plan)[0], 'update network/lan: web leaves');
  assert.deepEqual(
    [...bench.host.switches.values()].map(({ status }) => status),
    ['running'],
  );
  assert.deepEqual(lines(await bench.plan(program(false))), []);
});

test('a network that runs though its machines were to be stopped, as after a stop that was interrupted, is changed at once', async () => {
  const bench = new LabBench();
  const program = (isIn: boolean) =>
    labOf((lab) => {
      const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
      lab.vm('web', isIn ? { networks: { lan } } : {});
    });
  await bench.apply(program(true));
  const engine = bench.engine('wired');
  await engine.apply(await engine.planPower('stop', {}));
  Object.assign(bench.host.machine('web') ?? {}, { status: 'running', ready: true });
  for (const one of bench.host.switches.values()) one.status = 'running';
  await bench.apply(program(false));
  assert.deepEqual([addresses(bench), carried(bench)[0]?.machines], [{ web: [] }, {}]);
  assert.deepEqual(lines(await bench.plan(program(false))), []);
});

test('an allow-list changes while machines run: no restart, no other layer; a machine goes out by its first such card', async () => {
  const bench = new LabBench();
  const program = (allow: readonly string[] | undefined, nat = false) =>
    labOf((lab) => {
      const lan = lab.network('lan', { cidr: '10.40.0.0/24', ...(allow ? { internet: { allow } } : {}) });
      const dmz = lab.network('dmz', { cidr: '10.41.0.0/24', internet: { allow: ['198.51.100.7'] } });
      const out = lab.network('out', { cidr: '10.42.0.0/24', nat });
      lab.vm('web', { networks: { out, lan, dmz } }).run('one', 'echo one');
      lab.vm('db', { networks: { lan } });
    });
  const routers = (name: string) =>
    bench.host.machine(name)?.spec.identity.cards?.flatMap(({ name, router }) => (router ? [`${name} ${router}`] : []));
  const first = await bench.apply(program(undefined));
  assert.deepEqual([routers('web'), routers('db')], [['dmz 10.41.0.1'], []]);
  const created = first.plan.operations.find(({ resource }) => resource.name === 'web')?.diff ?? [];
  assert.deepEqual(
    created.filter(({ property }) => /internet|way out/.test(property)).map(({ property, after }) => [property, after]),
    [
      ['internet', 'what dmz allows'],
      ['way out', 'none'],
    ],
  );
  const opened = await bench.apply(program(['*.example.org', 'deb.debian.org', '203.0.113.0/24']));
  assert.deepEqual(
    opened.plan.operations.map(({ action, changeClass }) => `${action} ${changeClass}`),
    opened.plan.operations.map(() => 'update live'),
  );
  const lan = opened.plan.operations.find(({ resource }) => resource.name === 'lan')?.diff ?? [];
  assert.deepEqual(
    lan.map(({ property, after }) => [property, after]),
    [
      ['internet', 'allow 2 names, 1 range'],
      ['internet.*.example.org', 'name'],
      ['internet.deb.debian.org', 'name'],
      ['internet.203.0.113.0/24', 'range'],
    ],
  );
  assert.deepEqual([routers('web'), routers('db')], [['lan 10.40.0.1'], ['lan 10.40.0.1']]);
  assert.deepEqual([bench.host.machine('web')?.boots, bench.host.machine('db')?.boots], [1, 1]);

  const edited = await bench.apply(program(['deb.debian.org']));
  assert.deepEqual(lines(edited.plan), ['update network/lan: its internet changes']);
  assert.deepEqual([bench.host.machine('web')?.boots, bench.host.machine('db')?.boots], [1, 1]);
  assert.deepEqual(lines(await bench.plan(program(['DEB.debian.org', 'deb.debian.org']))), []);

  await bench.apply(program(['deb.debian.org'], true));
  assert.deepEqual(routers('web'), [], 'nat in one of its networks is the way to all places');
});

test('an apply with work for a stopped machine brings its networks up before it', async () => {
  const bench = new LabBench();
  await bench.apply(wired);
  const engine = bench.engine('wired');
  await engine.apply(await engine.planPower('stop'));
  const alone = await bench.plan(wired, { start: true, target: ['alone'] });
  assert.deepEqual(lines(alone), ['start machine/alone: it was stopped, and --start starts it']);
  const changed = labOf((lab) => {
    const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
    lab.vm('web', { networks: { lan } }).run('one', 'echo one').run('two', 'echo two');
    lab.vm('db', { networks: { lan } });
    lab.vm('alone');
  });
  const { plan } = await bench.apply(changed);
  const [network, ...rest] = lines(plan);
  assert.equal(network, 'start network/lan: a machine in it is to run');
  assert.ok(rest.every((line) => line.includes(' machine/web: ')));
  assert.deepEqual(before(plan, 'machine/web'), ['network/lan']);
  assert.deepEqual(lines(await bench.plan(changed)), []);
});

test('a stop that fails leaves the switch to the machine that runs on', async () => {
  const bench = new LabBench({
    fault: ({ verb, subject }, moment) => {
      if (verb === 'stop' && subject === 'db' && moment === 'middle') throw new Error('it does not listen');
    },
  });
  await bench.apply(wired);
  const engine = bench.engine('wired');
  const { errors } = await engine.apply(await engine.planPower('stop'));
  assert.deepEqual(
    errors.map(({ resource }) => resource),
    ['db'],
  );
  assert.deepEqual(
    [...bench.host.switches.values()].map(({ status }) => status),
    ['running'],
  );
});

test('--replace of a network is refused, unless a machine has the name', async () => {
  const bench = new LabBench();
  for (const name of ['lan', 'network/lan'])
    await assert.rejects(bench.plan(wired, { replace: [name] }), {
      code: 'replace-refused',
      subject: name,
      hint: /apply/,
    });
  const shared = labOf((lab) => {
    lab.vm('lan', { networks: { lan: lab.network('lan') } });
  });
  await bench.apply(shared);
  assert.match(lines(await bench.plan(shared, { replace: ['lan'] })).join(), /machine\/lan: requested with --replace/);
});

test('while a checkpoint is restored its machines are held, also when one of them fails', async () => {
  const held: string[] = [];
  let isBroken = false;
  const bench: LabBench = new LabBench({
    fault: ({ verb, subject }, moment) => {
      if (verb !== 'restore' || moment !== 'middle') return;
      const holds = [...bench.host.held.values()].flatMap((all) => [...all].flatMap((hold) => [...hold]));
      held.push(`${subject}: ${holds.join(' ')}`);
      if (isBroken && subject === 'db') throw new Error('its disk is gone');
    },
  });
  await bench.apply(wired);
  const engine = bench.engine('wired');
  const { id } = await engine.createCheckpoint({ description: 'then' });
  await engine.restoreCheckpoint(id);
  assert.deepEqual(held.splice(0).sort(), ['alone: web db', 'db: web db', 'web: web db']);
  isBroken = true;
  await assert.rejects(engine.restoreCheckpoint(id), /its disk is gone/);
  assert.deepEqual(
    [...bench.host.held.values()].map(({ size }) => size),
    [0],
  );
  await engine.restoreCheckpoint(id, { machines: ['alone'] });
  assert.equal(held.at(-1), 'alone: ');
});

test('a machine in networks reaches nothing else, unless one of them has nat; a change of that is a restart', async () => {
  const bench = new LabBench();
  const program = (nat: boolean) =>
    labOf((lab) => {
      const [lan, dmz] = [lab.network('lan', { nat }), lab.network('dmz')];
      lab.vm('web', { networks: { lan, dmz } });
      lab.vm('db', { networks: { dmz } });
      lab.vm('free');
    });
  const { plan } = await bench.apply(program(false));
  const wayOut = (name: string, made = plan) =>
    made.operations
      .filter(({ resource }) => resource.kind === 'machine' && resource.name === name)
      .flatMap(({ diff }) => diff.filter(({ property }) => property === 'way out'));
  assert.deepEqual(wayOut('web'), [{ property: 'way out', after: 'none' }]);
  assert.deepEqual(wayOut('free'), []);
  assert.equal(bench.host.machine('web')?.spec.wayOut, 'none');
  const opened = await bench.apply(program(true));
  assert.deepEqual(wayOut('web', opened.plan), [{ property: 'way out', before: 'none', after: 'nat' }]);
  const [network, machine, ...others] = opened.plan.operations;
  assert.deepEqual([network?.diff, others], [[{ property: 'nat', after: true }], []]);
  assert.deepEqual([machine?.changeClass, machine?.reason], ['restart', 'restart: way out changes']);
  assert.deepEqual([bench.host.machine('web')?.boots, bench.host.machine('db')?.boots], [2, 1]);
  assert.deepEqual((await bench.plan(program(true))).operations, []);
  const closed = await bench.apply(program(false));
  assert.deepEqual(wayOut('web', closed.plan), [{ property: 'way out', before: 'nat', after: 'none' }]);
});
