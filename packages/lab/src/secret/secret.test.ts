import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import fc from 'fast-check';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { FileStateStorage } from '../state/state-storage.ts';
import { secret } from '../value/secret.ts';
import { sh } from '../value/sh.ts';
import { MaskedStream, maskText } from './mask.ts';
import { SecretBox } from './secret-box.ts';

const planted = 'correct-horse-battery';
const captured = 'captured-in-the-guest';
const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);

const using = lab((l) => {
  const token = secret('token', { env: 'TOKEN' });
  const web = l.vm('web').run('login', sh`login ${token}`).capture('ticket', 'get ticket', { secret: true });
  web.run('use', 'use', { environment: { TICKET: web.out.ticket, TOKEN: token } }).file('conf', '/etc/conf', token);
  return { token, ticket: web.out.ticket, both: sh`${token} ${web.out.ticket}` };
});

function newBench(): LabBench {
  return new LabBench({
    labFile: import.meta.filename,
    environment: { TOKEN: planted },
    output: (_machine, step) =>
      step.name === 'ticket' ? `${captured}\n` : step.name === 'use' ? `${planted}, ${captured}` : planted,
  });
}

test('a planted secret is in no file, event, plan, output or layer key', async () => {
  const bench = newBench();
  const { plan, result } = await bench.apply(using);
  const seen = JSON.stringify([
    plan,
    result,
    bench.events,
    [...bench.storage.files],
    await bench.engine('web').status(),
  ]);
  for (const value of [planted, captured]) assert.equal(seen.includes(value), false);
  assert.match(bench.host.machine('web')?.disk.join() ?? '', new RegExp(planted), 'the guest has it');
  assert.match(bench.host.machine('web')?.disk.join() ?? '', new RegExp(captured), 'and the captured one');
  assert.deepEqual(result.outputs, { token: null, ticket: null, both: null });
  assert.ok(bench.events.some((event) => event.type === 'operation-progress' && JSON.stringify(event).includes('•••')));
});

test('a secret in an error of a step is masked', async () => {
  const bench = new LabBench({ labFile: import.meta.filename, environment: { TOKEN: planted } });
  const failing = lab(
    (l) =>
      void l.vm('web').run(
        'bad',
        sh`echo ${secret('token', { env: 'TOKEN' })}
exit 1`,
      ),
  );
  const { result } = await bench.tryApply(failing);
  assert.equal(result.errors[0]?.error.code, 'step-failed');
  assert.equal(JSON.stringify([result, bench.events, [...bench.storage.files]]).includes(planted), false);
});

test('an error of a step has the script as the lab has it, and a secret is masked in a shell’s quotes too', async () => {
  const quoted = "it's a correct horse's battery";
  const inScript = "it'\\''s a correct horse'\\''s battery";
  const bench = new LabBench({
    labFile: import.meta.filename,
    environment: { TOKEN: quoted },
    output: () => `+ login '${inScript}'\nsh -c '${inScript.replaceAll("'", "'\\''")}'\n`,
  });
  const failing = lab((l) => void l.vm('web').run('bad', sh`login ${secret('token', { env: 'TOKEN' })}\nexit 1`));
  const { result } = await bench.tryApply(failing);
  const { error } = result.errors[0] ?? assert.fail('the step has not failed');
  assert.equal(error.data?.command, 'login ‹secret token›\nexit 1');
  const seen = JSON.stringify([result, bench.events, [...bench.storage.files]]);
  assert.doesNotMatch(seen, /correct horse/);
  assert.match(seen, /•••/, 'what the step printed is masked');
});

test('a capture of a secret that fails shows nothing of its output', async () => {
  const bench = new LabBench({ labFile: import.meta.filename, output: () => captured });
  const failing = lab((l) => void l.vm('web').capture('ticket', 'exit 1', { secret: true }));
  const { result } = await bench.tryApply(failing);
  assert.equal(result.errors[0]?.error.data?.exitCode, 1);
  assert.equal(JSON.stringify([result, bench.events]).includes(captured), false);
});

test('a rotated secret runs again what uses it, and nothing before that', async () => {
  const bench = newBench();
  const program = lab(
    (l) =>
      void l
        .vm('web')
        .run('one', 'echo')
        .run('login', sh`login ${secret('token', { env: 'TOKEN' })}`),
  );
  await bench.apply(program);
  assert.deepEqual((await bench.plan(program)).operations, []);
  bench.environment.TOKEN = 'another-long-secret';
  const plan = await bench.plan(program);
  assert.deepEqual(plan.operations.map(subjectOf), ['web', 'web/login']);
});

test('a plan is stale once a secret has changed', async () => {
  const bench = newBench();
  const plan = await bench.plan(using);
  bench.environment.TOKEN = 'another-long-secret';
  await assert.rejects(bench.engine('web').apply(plan), { code: 'plan-stale' });
});

test('a generated secret is made once and kept, and one that is asked for is asked once', async () => {
  let asked = 0;
  const bench = new LabBench({
    labFile: import.meta.filename,
    promptSecret: async () => {
      asked++;
      return 'typed by a person';
    },
  });
  const program = (script: string) =>
    lab((l) => {
      const made = secret('made', { generate: 24 });
      const typed = secret('typed', { prompt: 'Password?' });
      l.vm('web')
        .run('one', sh`${made}`, { environment: { TYPED: typed } })
        .run('two', script, { environment: { MADE: made } });
    });
  await bench.apply(program('a'));
  const value = /"MADE":"([\w-]+)"/.exec(bench.host.machine('web')?.disk.at(-1) ?? '')?.[1];
  assert.equal(value?.length, 32);
  await bench.apply(program('b'));
  assert.match(bench.host.machine('web')?.disk.at(-1) ?? '', new RegExp(`"MADE":"${value}"`));
  assert.equal(asked, 1);
  assert.equal(JSON.stringify([...bench.storage.files]).includes(String(value)), false);
});

test('the key of the secrets is the state’s own, and one under its former name is read still', async () => {
  const program = (name: string) =>
    lab(
      (l) =>
        void l
          .vm('web')
          .run('one', sh`echo ${secret(name, { generate: 24 })}`)
          .run('two', 'echo'),
    );
  const bench = newBench();
  await bench.apply(program('token'));
  const { files } = bench.storage;
  const names = () => [...files.keys()].filter((name) => name.startsWith('secret-key'));
  const { lineage } = JSON.parse(files.get('state') ?? '') as { lineage: string };
  assert.deepEqual(names(), [`secret-key-${lineage}`]);
  const key = files.get(`secret-key-${lineage}`) ?? '';
  files.set('secret-key', key);
  files.delete(`secret-key-${lineage}`);
  assert.deepEqual((await bench.plan(program('token'))).operations, []);
  const before = bench.host.machine('web')?.disk.join();
  await bench.apply(program('token'));
  assert.equal(bench.host.machine('web')?.disk.join(), before);
  await bench.apply(program('other'));
  assert.deepEqual(names().sort(), ['secret-key', `secret-key-${lineage}`]);
  assert.equal(files.get(`secret-key-${lineage}`), key, 'what it has encrypted can be read with it');
});

test('labs of one name in two folders have keys of their own', () => {
  const place = { lab: 'web', stack: 'default', home: '/home', labFolder: '/a', stateFolder: '/a/.goqemu/web/default' };
  const storage = new FileStateStorage(place);
  assert.equal(storage.path('secret-key-0123456789ab'), join('/home', 'keys', '0123456789ab.state-key'));
  assert.equal(storage.path('secret-key'), join('/home', 'keys', 'web-default.state-key'));
});

test('a secret that is not there is an error that says where it should be', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  await assert.rejects(bench.plan(using), { code: 'secret-missing', hint: 'set TOKEN and try again' });
  const prompted = lab((l) => void l.vm('web').run('x', sh`${secret('p', { prompt: 'P?' })}`));
  await assert.rejects(bench.plan(prompted), { code: 'secret-missing' });
  const inFile = lab((l) => void l.vm('web').run('x', sh`${secret('p', { file: import.meta.dirname })}`));
  await assert.rejects(bench.plan(inFile), {
    message: `the secret "p" is not available: cannot read ${import.meta.dirname}: it is a folder`,
  });
  assert.throws(() => secret('x', { generate: 8 }), { code: 'secret-invalid' });
  assert.throws(() => secret('../x', { env: 'X' }), { code: 'name-invalid' });
});

test('what an earlier apply generated is masked where a later step finds it, in whatever form', async () => {
  const made: string[] = [];
  const bench = new LabBench({
    labFile: import.meta.filename,
    output: (_machine, step) => {
      if (step.kind !== 'run') return undefined;
      if (step.environment.MADE) made.push(step.environment.MADE);
      const [value = ''] = made;
      return step.script === 'find' ? `${value} ${btoa(`user:${value}`)} ${Buffer.from(value).toString('hex')}\n` : '';
    },
  });
  const program = (more: boolean) =>
    lab((l) => {
      const web = l.vm('web').run('use', 'use', { environment: { MADE: secret('made', { generate: 24 }) } });
      if (more) web.run('find', 'find');
    });
  await bench.apply(program(false));
  await bench.apply(program(true));
  const [value = ''] = made;
  assert.equal(made.length, 1, 'the step that uses it ran once');
  const events = JSON.stringify(bench.events);
  assert.match(events, /•••/);
  for (const form of [
    value,
    btoa(value).slice(0, 20),
    btoa(`user:${value}`).slice(8, 28),
    Buffer.from(value).toString('hex'),
  ])
    assert.equal(events.includes(form), false, `${form} was emitted`);
});

test('what is encrypted reads back under its own name and key, and under no other', () => {
  const box = new SecretBox(Buffer.alloc(32, 1));
  const sealed = box.encrypt('name', 'value');
  assert.equal(box.decrypt('name', sealed), 'value');
  assert.throws(() => box.decrypt('other', sealed), { code: 'secret-unreadable' });
  assert.throws(() => new SecretBox(Buffer.alloc(32, 2)).decrypt('name', sealed), { code: 'secret-unreadable' });
  assert.notEqual(box.encrypt('name', 'value'), sealed, 'equal values do not look equal');
  assert.equal(box.fingerprint('name', 'value'), box.fingerprint('name', 'value'));
  assert.notEqual(box.fingerprint('name', 'value'), box.fingerprint('other', 'value'));
});

test('a secret is masked in a stream wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('abab', 'ab', 'a', 'b', 'secret', 'sec', 'ret', ' '), { maxLength: 12 }),
      fc.array(fc.nat(5), { maxLength: 12 }),
      (pieces, cuts) => {
        const secrets = ['secret', 'ababb'];
        const text = pieces.join('');
        const stream = new MaskedStream(() => secrets);
        let out = '';
        let at = 0;
        for (const cut of cuts) {
          out += stream.push(text.slice(at, at + cut));
          at += cut;
        }
        out += stream.push(text.slice(at)) + stream.end();
        assert.equal(out, maskText(text, secrets));
      },
    ),
  );
});
