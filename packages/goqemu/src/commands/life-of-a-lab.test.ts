import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deferred, sleep } from '@goqemu/core';
import { eventStreamSchemas } from '@goqemu/lab';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';
import type { Ran } from '../shell/fixture/test-shell.ts';
import { commands } from './command-table.ts';

interface PlanDocument {
  readonly version: number;
  readonly lab: string;
  readonly changes: number;
  readonly operations: readonly {
    readonly action: string;
    readonly resource: string;
    readonly estimateSeconds: number | null;
  }[];
}

test('a lab is planned, applied, found unchanged, and destroyed', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const plan = await lab.run(['plan']);
  assert.equal(plan.code, 0);
  assert.match(plan.stdout, /\+ create {3}web/);
  assert.match(plan.stdout, /memory: 1 GiB/);
  assert.match(plan.stdout, /Plan: 1 to create, 1 to run/);
  assert.equal((await lab.run(['plan', '--detailed-exitcode'])).code, 2);

  const apply = await lab.run(['apply', '--yes']);
  assert.equal(apply.code, 0, apply.stderr);
  assert.equal(apply.stdout, 'machines  1\n');
  assert.match(apply.stderr, /web\/step {2}✔ ran in/);

  assert.match((await lab.run(['plan', '--detailed-exitcode'])).stdout, /^Nothing to do/);
  const again = await lab.run(['apply', '--yes']);
  assert.equal(again.code, 0);
  assert.match(again.stderr, /Nothing to do/);

  const status = await lab.run(['status', '--json']);
  const document = JSON.parse(status.stdout) as { machines: { name: string; state: string }[] };
  assert.deepEqual(
    document.machines.map(({ name, state }) => [name, state]),
    [['web', 'running']],
  );
  assert.match((await lab.run(['status'])).stdout, /MACHINE .*\nweb +running/);

  const destroy = await lab.run(['destroy', '--yes']);
  assert.equal(destroy.code, 0, destroy.stderr);
  assert.equal(lab.host.machines.size, 0);
  assert.match((await lab.run(['status'])).stdout, /has no machine/);
  const history = JSON.parse((await lab.run(['history', '--json'])).stdout) as { entries: { outcome: string }[] };
  assert.ok(history.entries.length >= 2);
});

test('plan --json is one document with actions, reasons and estimates, and nothing else on standard output', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const { stdout } = await lab.run(['plan', '--json']);
  const document = JSON.parse(stdout) as PlanDocument;
  assert.deepEqual(
    [
      document.version,
      document.lab,
      document.changes,
      document.operations.map(({ action, resource }) => [action, resource]),
    ],
    [
      1,
      'web',
      2,
      [
        ['create', 'web'],
        ['run', 'web/step'],
      ],
    ],
  );
});

test('a saved plan is applied without a question, and refused once the state has moved on', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['plan', '--out', 'next.plan'])).code, 0);
  const applied = await lab.run(['apply', 'next.plan']);
  assert.equal(applied.code, 0, applied.stderr);
  const stale = await lab.run(['apply', 'next.plan']);
  assert.equal(stale.code, 65);
  assert.match(stale.stderr, /plan-stale/);
});

/** Starts a first apply, and in the middle of it a second one; the first continues once `until` holds. */
async function twoApplies(lab: TestLab, second: readonly string[], until: (ended: boolean) => boolean) {
  let other: Promise<Ran> | undefined;
  lab.settings = {
    fault: async ({ verb }, moment) => {
      if (verb !== 'create' || moment !== 'before' || other) return;
      let ended = false;
      other = lab.run(second).finally(() => {
        ended = true;
      });
      while (!until(ended)) await sleep(5);
    },
  };
  const first = await lab.run(['apply', '--yes']);
  lab.settings = {};
  assert.ok(other, 'a second apply was begun');
  return [first, await other] as const;
}

test('of two applies at once the one that waits plans again; without waiting it leaves with 75', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const events = lab.file('second.ndjson');
  const hasPlanned = () => existsSync(events) && /plan-made/.test(readFileSync(events, 'utf8'));
  const waiting = ['apply', '--yes', '--lock-wait', '30', '--events', events];
  const [done, waited] = await twoApplies(lab, waiting, hasPlanned);
  assert.deepEqual([done.code, waited.code], [0, 0]);
  assert.match(waited.stderr, /planning again/);
  lab.write(labOf('web', ['web', 'db']));
  const [, refused] = await twoApplies(lab, ['apply', '--yes'], (ended) => ended);
  assert.equal(refused.code, 75);
  assert.match(refused.stderr, /process \d+.*running "goqemu apply"/);
  assert.equal((await lab.run(['plan', '--detailed-exitcode'])).code, 0);
});

test('a failing step exits with 1, shows its output and names the log', async () => {
  using lab = new TestLab(labOf('web', ['web'], 'exit 7'));
  const { code, stderr } = await lab.run(['apply', '--yes']);
  assert.equal(code, 1);
  assert.match(stderr, /step-failed/);
  assert.match(stderr, /Failed after/);
  const path = /log: (.*\.log)/.exec(stderr)?.[1] ?? '';
  assert.match(readFileSync(path, 'utf8'), /operation-failed/);
});

test('--events writes NDJSON that begins with its version, --json the result as one document', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const { code, stdout } = await lab.run(['apply', '--yes', '--json', '--events', 'run.ndjson']);
  assert.equal(code, 0);
  const result = JSON.parse(stdout) as { outcome: string; outputs: unknown };
  assert.deepEqual([result.outcome, result.outputs], ['done', { machines: 1 }]);
  const lines = readFileSync(lab.file('run.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const schemas = eventStreamSchemas();
  assert.deepEqual(schemas.header.parse(lines[0]), { type: 'stream', format: 'goqemu-events', version: 2 });
  for (const line of lines.slice(1)) assert.deepEqual(schemas.event.parse(line), line);
  assert.deepEqual(
    lines.flatMap(({ type }) => (type === 'operation-done' || type === 'apply-done' ? [type] : [])),
    ['operation-done', 'operation-done', 'apply-done'],
  );
});

test('events that cannot be written are said before anything is done', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  for (const [target, reason] of [
    ['gone/run.ndjson', /there is no such file or folder/],
    ['.', /it is a folder/],
  ] as const) {
    const { code, stderr } = await lab.run(['apply', '--yes', '--events', target]);
    assert.equal(code, 1);
    assert.match(stderr, reason);
  }
  const { code, stdout } = await lab.run(['plan', '--detailed-exitcode']);
  assert.deepEqual([code, /1 to create/.test(stdout)], [2, true]);
});
test('parameters in a file that is not there are refused in words', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const { code, stderr } = await lab.run(['plan', '--params', 'gone.json']);
  assert.equal(code, 65);
  assert.match(stderr, /parameters file cannot be read: cannot open .*gone\.json: there is no such file or folder/);
});
test('--events - leaves standard output to the events', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const { stdout } = await lab.run(['apply', '--yes', '--events', '-']);
  for (const line of stdout.trimEnd().split('\n')) JSON.parse(line);
  assert.match(stdout, /apply-done/);
});

test('an interrupt before the first operation ends with 130 and leaves nothing running', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  const stop = new AbortController();
  lab.settings = {
    fault: ({ verb }, moment) => {
      if (verb === 'create' && moment === 'before')
        stop.abort(Object.assign(new Error('interrupted'), { name: 'AbortError' }));
    },
  };
  const { code, stderr } = await lab.run(['apply', '--yes'], { interrupt: stop.signal });
  assert.equal(code, 130, stderr);
  assert.match(stderr, /no further operation is started/);
  lab.settings = {};
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
});

test('destroy works with a lab.ts that no longer loads', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  lab.write('this is not TypeScript');
  const { code, stderr } = await lab.run(['destroy', '--yes']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /does not load; continuing with the state of lab web/);
  assert.equal(lab.host.machines.size, 0);
});

test('checkpoints are created, listed as a tree, restored and deleted', async () => {
  using lab = new TestLab(labOf('web', ['web', 'db']));
  await lab.run(['apply', '--yes']);
  const created = await lab.run(['checkpoint', 'create', 'before upgrade']);
  assert.equal(created.code, 0, created.stderr);
  const id = created.stdout.trim();
  const list = await lab.run(['checkpoint', 'list']);
  assert.match(list.stdout, /before upgrade/);
  assert.ok(list.stdout.includes(id));
  const restored = await lab.run(['checkpoint', 'restore', 'before upgrade']);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stdout, /^restored .* in /);
  let meanwhile: number | undefined;
  lab.settings = {
    fault: async ({ verb }, moment) => {
      if (verb === 'flattenLayer' && moment === 'middle')
        meanwhile = (await lab.run(['checkpoint', 'delete', id])).code;
    },
  };
  const flat = await lab.run(['checkpoint', 'flatten', 'before upgrade']);
  assert.match(flat.stdout, /^web: written as one file on its image, .* above 2 layers before, .* now$/m);
  assert.equal(meanwhile, 75, 'what is being flattened is not deleted');
  lab.settings = {};
  const again = await lab.run(['checkpoint', 'flatten', 'before upgrade', '--json']);
  assert.deepEqual(
    JSON.parse(again.stdout).machines.map((one: { name: string; depth: number }) => [one.name, one.depth]),
    [
      ['web', 0],
      ['db', 0],
    ],
  );
  assert.equal((await lab.run(['checkpoint', 'flatten', 'no such'])).code, 64);
  assert.equal((await lab.run(['checkpoint', 'delete', id])).code, 0);
  const gone = await lab.run(['checkpoint', 'restore', 'before upgrade']);
  assert.equal(gone.code, 64);
  await lab.run(['destroy', '--yes']);
  const would = await lab.run(['checkpoint', 'prune', '--dry-run']);
  assert.match(would.stdout, /^would remove \d+ layers, /);
  assert.equal((await lab.run(['checkpoint', 'prune'])).stdout, would.stdout.replace('would remove', 'removed'));
});

test('a checkpoint is forked into stacks that every command takes, and that leave nothing when they are destroyed', async () => {
  using lab = new TestLab(`import { defineLab, z } from 'goqemu';
export default defineLab({ name: 'web', params: z.object({ size: z.number().default(1) }) }, (lab, { size }) => {
  const web = lab.vm('web', { memory: \`\${size} GiB\`, forward: { http: { guest: 80, host: 8080 } } }).run('step', 'echo').checkpoint('ready');
  lab.vm('db', { memory: '1 GiB' }).run('step', 'echo').checkpoint('ready');
  return { url: web.forwarded.http };
});
`);
  await lab.run(['apply', '--yes', '--param', 'size=2']);
  const forked = await lab.run(['checkpoint', 'fork', 'ready', '--count', '2', '--param', 'size=2']);
  assert.equal(forked.code, 0, forked.stderr);
  assert.match(forked.stdout, /^FORK +MACHINE +SSH +PORTS\nready-1 +web .*http \d+\nready-1 +db .*\nready-2 +web/);
  assert.match(forked.stderr, /use one with --stack ready-1/);
  assert.match((await lab.run(['checkpoint', 'list'])).stdout, /ready .* forks: ready-1, ready-2/);
  const plan = await lab.run(['plan', '--stack', 'ready-2', '--detailed-exitcode', '--param', 'size=2']);
  assert.equal(plan.code, 0, plan.stdout);
  const { forkedFrom, machines, outputs } = JSON.parse(
    (await lab.run(['status', '-s', 'ready-2', '--json'])).stdout,
  ) as {
    forkedFrom: { stack: string; description: string };
    machines: { state: string }[];
    outputs: { url: string };
  };
  assert.deepEqual([forkedFrom.stack, forkedFrom.description], ['default', 'ready']);
  assert.deepEqual(
    machines.map(({ state }) => state),
    ['running', 'running'],
  );
  assert.doesNotMatch(outputs.url, /:8080/);
  const one = await lab.run(['checkpoint', 'fork', 'ready', '--name', 'trial', '--vm', 'db', '--json']);
  const report = JSON.parse(one.stdout) as { forks: { name: string; machines: { name: string }[] }[] };
  assert.deepEqual(
    report.forks.map((fork) => [fork.name, fork.machines.map(({ name }) => name)]),
    [['trial', ['db']]],
  );
  assert.equal((await lab.run(['checkpoint', 'fork', 'ready', '--name', 'trial'])).code, 64);
  assert.equal((await lab.run(['checkpoint', 'fork', 'nothing'])).code, 64);
  for (const stack of ['ready-1', 'ready-2', 'trial']) {
    const destroyed = await lab.run(['destroy', '--yes', '--stack', stack]);
    assert.equal(destroyed.code, 0, destroyed.stderr);
    assert.equal(existsSync(lab.file(`.goqemu/web/${stack}`)), false);
  }
  assert.equal(lab.host.machines.size, 2);
});

test('several stacks are destroyed by one command: those that are named, or all forks', async () => {
  using lab = new TestLab(labOf('web', ['web', 'db']));
  await lab.run(['apply', '--yes']);
  await lab.run(['checkpoint', 'fork', 'ready', '--count', '4']);
  await lab.run(['checkpoint', 'fork', 'ready', '--name', 'of-a-fork', '--stack', 'ready-4']);
  const stacks = () => readdirSync(lab.file('.goqemu/web')).sort();
  const asked = await lab.run(['destroy', '--forks']);
  assert.equal(asked.code, 64, 'there is no terminal to ask on');
  const named = await lab.run(['destroy', '-y', '-s', 'ready-1', '-s', 'ready-2', '--events', 'run.ndjson']);
  assert.equal(named.code, 0, named.stderr);
  assert.match(named.stderr, /^Stack ready-1:\n {2}- delete +web /, 'each plan says whose machines go');
  assert.deepEqual(stacks(), ['default', 'of-a-fork', 'ready-3', 'ready-4']);
  const events = readFileSync(lab.file('run.ndjson'), 'utf8').trim().split('\n');
  assert.equal(events.filter((line) => line.includes('"apply-started"')).length, 2);
  assert.equal(events.filter((line) => line.includes('"goqemu-events"')).length, 1);
  assert.match((await lab.run(['destroy', '--json', '--forks', '-s', 'ready-3'])).stderr, /add --yes/);
  const all = await lab.run(['destroy', '--yes', '--forks', '--json']);
  assert.equal(all.code, 0, all.stderr);
  assert.deepEqual(
    JSON.parse(all.stdout).stacks.map((one: { stack: string; outcome: string }) => `${one.stack} ${one.outcome}`),
    ['ready-3 done', 'of-a-fork done', 'ready-4 done'],
  );
  assert.deepEqual(stacks(), ['default']);
  assert.equal(lab.host.machines.size, 2, 'the lab stays');
  const none = await lab.run(['destroy', '--yes', '--forks']);
  assert.deepEqual([none.code, none.stdout], [0, '']);
  assert.match(none.stderr, /lab web has no forks/);
});

test('destroy --forks removes a fork, too, that was interrupted while it was made', async () => {
  using lab = new TestLab(labOf('web', ['web', 'db']));
  await lab.run(['apply', '--yes']);
  const reached = deferred<void>();
  lab.settings = {
    fault: async ({ verb }, moment) => {
      if (verb !== 'start' || moment !== 'middle') return;
      reached.resolve();
      await new Promise(() => undefined); // its process is gone by then
    },
  };
  void lab.run(['checkpoint', 'fork', 'ready']);
  await reached.promise;
  lab.settings = {};
  const dead = { identity: { pid: 4_194_304, startTime: '1', bootId: 'b' }, command: 'goqemu', since: new Date(0) };
  for (const stack of ['default', 'ready-1'])
    writeFileSync(lab.file(`.goqemu/web/${stack}/lock`), `${JSON.stringify(dead)}\n`);
  assert.ok(lab.host.machines.size > 2);
  const { code, stderr } = await lab.run(['destroy', '--yes', '--forks']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /removed what was left of ready-1/);
  assert.deepEqual(readdirSync(lab.file('.goqemu/web')), ['default']);
  assert.equal(lab.host.machines.size, 2, 'the lab stays');
});

test('a fork that could not be destroyed does not keep the others', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  await lab.run(['checkpoint', 'fork', 'ready', '--count', '2']);
  let deletes = 0;
  lab.settings = {
    fault: ({ verb }, moment) => {
      if (verb === 'delete' && moment === 'before' && ++deletes === 1) throw new Error('no');
    },
  };
  const { code, stdout } = await lab.run(['destroy', '--yes', '--forks', '--json']);
  assert.equal(code, 1);
  assert.deepEqual(
    JSON.parse(stdout).stacks.map((one: { outcome: string }) => one.outcome),
    ['failed', 'done'],
  );
  assert.deepEqual(readdirSync(lab.file('.goqemu/web')).sort(), ['default', 'ready-1']);
});

test('an interrupt while a fork is made ends with 130, and nothing of it stays', async () => {
  using lab = new TestLab(labOf('web', ['web', 'db']));
  await lab.run(['apply', '--yes']);
  const stop = new AbortController();
  lab.settings = {
    fault: ({ verb }, moment) => {
      if (verb === 'start' && moment === 'middle')
        stop.abort(Object.assign(new Error('interrupted'), { name: 'AbortError' }));
    },
  };
  const { code, stderr } = await lab.run(['checkpoint', 'fork', 'ready', '--count', '2'], { interrupt: stop.signal });
  assert.equal(code, 130, stderr);
  assert.equal(lab.host.machines.size, 2);
  assert.deepEqual(readdirSync(lab.file('.goqemu/web')), ['default']);
});

test('parameters change the plan, and a wrong one is reported in the schema’s words', async () => {
  using lab = new TestLab(`import { defineLab, z } from 'goqemu';
export default defineLab({ name: 'sized', params: z.object({ workers: z.number().int().min(0).default(1) }) }, (lab, { workers }) => {
  for (let i = 0; i < workers; i++) lab.vm(\`w-\${i}\`);
});
`);
  const three = JSON.parse((await lab.run(['plan', '--json', '--param', 'workers=3'])).stdout) as PlanDocument;
  assert.equal(three.changes, 3);
  const env = await lab.run(['plan', '--json'], { env: { GOQEMU_PARAM_workers: '2' } });
  assert.equal((JSON.parse(env.stdout) as PlanDocument).changes, 2);
  const wrong = await lab.run(['plan', '--param', 'workers=many']);
  assert.equal(wrong.code, 65);
  assert.match(wrong.stderr, /workers/);
});

test('--check-pure names the line of a lab that is different each time', async () => {
  using lab = new TestLab(`import { defineLab } from 'goqemu';
export default defineLab({ name: 'impure' }, (lab) => {
  lab.vm('same').run('one', 'true');
  lab.vm('other').run('two', \`echo \${Math.random()}\`);
});
`);
  const { code, stderr } = await lab.run(['plan', '--check-pure']);
  assert.equal(code, 65);
  assert.match(stderr, /describes step other\/two differently/);
  assert.match(stderr, /lab\.ts:4:/);
  using pure = new TestLab(labOf('pure', ['web']));
  assert.equal((await pure.run(['plan', '--check-pure'])).code, 0);
});

test('graph shows machines, steps and what ties them, in four forms', async () => {
  using lab = new TestLab(`import { defineLab, sh } from 'goqemu';
export default defineLab({ name: 'tied' }, (lab) => {
  const base = lab.template('base').run('nginx', 'true').checkpoint('installed');
  const web = lab.vm('web', { from: base.at.installed }).capture('token', 'cat /token');
  lab.vm('worker').run('join', sh\`join \${web.out.token}\`);
});
`);
  const { edges } = JSON.parse((await lab.run(['graph', '--format', 'json'])).stdout) as {
    edges: { from: string; to: string; kind: string }[];
  };
  assert.deepEqual(
    edges.filter(({ kind }) => kind !== 'next'),
    [
      { from: 'base@installed', to: 'web', kind: 'from' },
      { from: 'web/token', to: 'worker/join', kind: 'value' },
    ],
  );
  assert.match((await lab.run(['graph'])).stdout, /^flowchart LR\n {2}subgraph base/);
  assert.match(
    (await lab.run(['graph', '--format', 'dot'])).stdout,
    /"web\/token" -> "worker\/join" \[style=dotted\];/,
  );
  const svg = (await lab.run(['graph', '--format', 'svg'])).stdout;
  assert.match(svg, /^<svg .*<\/svg>\n$/s);
  assert.doesNotMatch(svg, /NaN|undefined/);
});

test('ssh-config quotes paths and names machines after their lab', async () => {
  using lab = new TestLab(labOf('web', ['box']));
  await lab.run(['apply', '--yes']);
  const { stdout } = await lab.run(['ssh-config']);
  assert.match(stdout, /^Host web-box\n {2}HostName 127\.0\.0\.1\n {2}Port \d+\n {2}User debian\n/);
  assert.match(stdout, /UserKnownHostsFile "\/keys\/known hosts"/);
  assert.equal((await lab.run(['ssh-config', '--out', 'lab.ssh'])).stdout, '');
  assert.equal(readFileSync(join(lab.folder, 'lab.ssh'), 'utf8'), stdout, 'in UTF-8, without a mark of the byte order');
});

test('lock shows what an image has become and moves lab.lock.json on when asked', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.match((await lab.run(['lock', '--update'])).stdout, /^\+ debian-12/);
  assert.match((await lab.run(['lock'])).stdout, /is up to date/);
  lab.host.images.set('debian-12', 'sha256:newer');
  const moved = await lab.run(['lock']);
  assert.match(moved.stdout, /^~ debian-12.*sha256:debian-12.*→.*sha256:newer/);
  assert.match(moved.stderr, /goqemu lock --update/);
});

test('logs shows the console of a machine, or its last lines', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  lab.host.logs.set('web', { console: 'kernel\nlogin:\n' });
  assert.equal((await lab.run(['logs', 'web'])).stdout, 'kernel\nlogin:\n');
  assert.equal((await lab.run(['logs', 'web', '-n', '1'])).stdout, 'login:\n');
  assert.equal((await lab.run(['logs', 'web', '--source', 'qemu'])).stdout, '');
});

test('a machine that is not there is named with the nearest one, exit code 64', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  for (const argv of [
    ['logs', 'wbe'],
    ['exec', 'wbe', '--', 'true'],
    ['ssh', 'wbe'],
  ]) {
    const { code, stderr } = await lab.run(argv);
    assert.equal(code, 64, argv.join(' '));
    assert.match(stderr, /web/);
  }
});

test('reading commands leave no state folder behind', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  for (const argv of [['plan'], ['status'], ['graph'], ['history']])
    assert.equal((await lab.run(argv)).code, 0, argv[0]);
  assert.equal(existsSync(lab.file('.goqemu')), false);
});

test('doctor tells what the host has and lacks, and leaves with 1 when something is missing', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  lab.settings = {
    doctor: [
      { name: 'QEMU', status: 'error', finding: 'not found', hint: 'install it' },
      { name: 'memory', status: 'ok', finding: '8 GiB free' },
    ],
  };
  const { code, stdout } = await lab.run(['doctor']);
  assert.equal(code, 1);
  assert.match(stdout, /✖ QEMU {5}not found\n {11}next: install it\n✔ memory {3}8 GiB free/);
});

test('a copied lab is refused while the first is there, and a moved one continues', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  const copy = join(lab.base, 'copy');
  cpSync(lab.folder, copy, { recursive: true });
  const before = [...lab.host.machines.keys()];
  for (const words of [['plan'], ['apply', '--yes'], ['destroy', '--yes'], ['checkpoint', 'list'], ['refresh']]) {
    const refused = await lab.run(words, { workingFolder: copy });
    assert.equal(refused.code, 65, words.join(' '));
    assert.match(refused.stderr, /this lab is a copy.*\[state-copied\]/);
    assert.ok(refused.stderr.includes(lab.folder), 'the first is named');
  }
  assert.deepEqual([...lab.host.machines.keys()], before);
  rmSync(lab.folder, { recursive: true });
  const moved = await lab.run(['plan', '--detailed-exitcode'], { workingFolder: copy });
  assert.equal(moved.code, 0, moved.stderr);
  assert.equal((await lab.run(['destroy', '--yes'], { workingFolder: copy })).code, 0);
  assert.equal(lab.host.machines.size, 0);
});

test('a lab by another path of its folder is no copy', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  symlinkSync(lab.folder, join(lab.base, 'link'));
  const linked = await lab.run(['plan', '--detailed-exitcode'], { workingFolder: join(lab.base, 'link') });
  assert.equal(linked.code, 0, linked.stderr);
});

test('a file of events can be read by its owner alone, also one that was there', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  lab.write('', 'run.ndjson');
  chmodSync(lab.file('run.ndjson'), 0o644);
  assert.equal((await lab.run(['apply', '--yes', '--events', 'run.ndjson'])).code, 0);
  assert.equal(statSync(lab.file('run.ndjson')).mode & 0o777, 0o600);
});

test('every command that changes something takes --yes', () => {
  const asking = ['apply', 'destroy', 'import', 'init', 'lock', 'refresh', 'doctor', 'image pull', 'image remove'];
  const checkpoints = ['create', 'restore', 'fork', 'delete', 'flatten', 'prune'].map((verb) => `checkpoint ${verb}`);
  for (const name of [...asking, ...checkpoints]) {
    const command = commands.find((one) => one.name === name) ?? assert.fail(name);
    assert.equal(command.options.yes?.kind, 'flag', name);
  }
});

test('plan, graph and status show the networks of a lab beside its machines', async () => {
  using lab = new TestLab(`import { defineLab } from 'goqemu';
export default defineLab({ name: 'wired' }, (lab) => {
  const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
  const web = lab.vm('web', { networks: { lan } });
  return { address: web.ip.lan };
});
`);
  const plan = await lab.run(['plan']);
  assert.match(plan.stdout, /\+ create {3}network lan {2}not created yet\n {6}\+ cidr: 10\.40\.0\.0\/24\n/);
  assert.match(plan.stdout, /\+ networks\.lan: 10\.40\.0\.10\/24/);
  const graph = await lab.run(['graph']);
  assert.match(graph.stdout, /n0\{\{"lan 10\.40\.0\.0\/24"\}\}[\s\S]*n0 --- n1/);
  const applied = await lab.run(['apply', '--yes']);
  assert.equal(applied.stdout, 'address  10.40.0.10\n', applied.stderr);
  assert.match((await lab.run(['status'])).stdout, /NETWORK +STATE +RANGE *\nlan +running +10\.40\.0\.0\/24/);
  const { networks } = JSON.parse((await lab.run(['status', '--json'])).stdout) as { networks: unknown };
  assert.deepEqual(networks, [{ name: 'lan', cidr: '10.40.0.0/24', state: 'running' }]);
  assert.match((await lab.run(['plan'])).stdout, /^Nothing to do/);
});
