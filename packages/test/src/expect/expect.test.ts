import assert, { AssertionError } from 'node:assert';
import { test } from 'node:test';
import { GoqemuError, isGoqemuError } from '@goqemu/core';
import { scriptedGuest } from '../fixture/scripted-guest.fixture.ts';
import { probesOf } from '../probes/probes-of.ts';
import { expect } from './expect.ts';
import { ExpectationError } from './expectation-error.ts';

const state = (active: string) =>
  `LoadState=loaded\nActiveState=${active}\nSubState=${active}\nUnitFileState=enabled\n`;
const quick = { interval: 1 } as const;
const once = { timeout: 60_000, interval: 60_000 } as const;
const lost = () =>
  Promise.reject(new GoqemuError({ code: 'connection-lost', source: 'environment', message: 'the connection broke' }));

test('a matcher asks one question after another until it is so', async () => {
  const guest = scriptedGuest([['systemctl show', state('inactive'), state('activating'), state('active')]]);
  await expect(probesOf(guest).unit('nginx')).toBeActive(quick);
  assert.deepEqual([guest.received(), guest.mostAtOnce()], [3, 1]);
});

test('a negated one asks until it is not so', async () => {
  const guest = scriptedGuest([['systemctl show', state('active'), state('deactivating'), state('inactive')]]);
  await expect(probesOf(guest).unit('nginx')).not.toBeActive(quick);
  assert.equal(guest.received(), 2);
});

test('a connection that breaks is no answer, to either of both, and the next question is', async () => {
  const guest = scriptedGuest([['systemctl show', lost, state('active')]]);
  await expect(probesOf(guest).unit('nginx')).toBeActive(quick);
  const broken = scriptedGuest([['', lost]]);
  await assert.rejects(
    expect(probesOf(broken).unit('nginx')).not.toBeActive(once),
    /got: +no answer: the connection broke/,
  );
});

test('what no wait changes is thrown at once', async () => {
  const stopped = () =>
    Promise.reject(new GoqemuError({ code: 'vm-not-running', source: 'user', message: 'the VM does not run' }));
  const guest = scriptedGuest([['', stopped]]);
  await assert.rejects(expect(probesOf(guest).unit('nginx')).toBeActive(), { code: 'vm-not-running' });
  assert.equal(guest.received(), 1);
});

test('a command that hangs is ended at the time limit, and one that is never answered too', async () => {
  let ended: unknown;
  const hangs = ({ signal }: { readonly signal?: AbortSignal }) =>
    new Promise<never>((_resolve, reject) =>
      signal?.addEventListener('abort', () => {
        ended = signal.reason;
        reject(signal.reason);
      }),
    );
  const hanging = expect(probesOf(scriptedGuest([['', hangs]])).command('sleep 1000'));
  await assert.rejects(hanging.toSucceed({ timeout: 30 }), /no answer: the guest did not answer in time/);
  assert.equal((ended as { code?: string }).code, 'timeout');
  const silent = scriptedGuest([['', () => new Promise<never>(() => undefined)]]);
  await assert.rejects(expect(probesOf(silent).command('true')).toSucceed({ timeout: 30 }), ExpectationError);
});

test('a signal ends the wait with its reason: that of the call, or that of the probes', async () => {
  const reason = new Error('the test is over');
  const guest = () => scriptedGuest([['systemctl show', state('inactive')]]);
  const later = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    return controller.signal;
  };
  const isReason = (error: unknown) => error === reason;
  await assert.rejects(expect(probesOf(guest()).unit('nginx')).toBeActive({ signal: later() }), isReason);
  await assert.rejects(expect(probesOf(guest(), { signal: later() }).unit('nginx')).toBeActive(), isReason);
});

test('a failure is an AssertionError whose stack begins in the test, with a code of goqemu', async () => {
  const guest = scriptedGuest([['systemctl show', state('inactive')]]);
  const error = await expect(probesOf(guest, { name: 'web' }).unit('nginx'))
    .toBeActive(once)
    .catch((caught: unknown) => caught);
  assert.ok(error instanceof ExpectationError && error instanceof AssertionError);
  assert.equal(error.code, 'ERR_ASSERTION');
  assert.equal(error.goqemuCode, 'expectation-failed');
  assert.deepEqual([error.expected, error.actual], ['active', 'inactive']);
  assert.deepEqual(
    { ...error.data, waitedMs: 0 },
    {
      machine: 'web',
      expectation: 'expect(web.unit("nginx")).toBeActive()',
      waitedMs: 0,
      attempts: 1,
    },
  );
  const [frame] = error.stack?.split('\n').filter((line) => /^ +at /.test(line)) ?? [];
  assert.match(frame ?? '', /expect\.test/);
});

test('values are for node:assert, and each kind of probe has its own matchers', async () => {
  const web = probesOf(scriptedGuest([]));
  // @ts-expect-error: a number is no probe
  assert.throws(() => expect(3), {
    code: 'option-invalid',
    message: /expect\(\): .*for values use node:assert, got 3/,
  });
  // @ts-expect-error: a unit has no content
  assert.equal(expect(web.unit('nginx')).toHaveContent, undefined);
  // @ts-expect-error: only a machine has changes
  assert.equal(expect(web.file('/etc/hosts')).not.toHaveChangedOnly, undefined);
  // @ts-expect-error: nothing is the contrary of a contrary
  assert.equal(expect(web.user('root')).not.not, undefined);
  assert.equal(typeof expect(web).toHaveChangedOnly, 'function');
});

test('a machine keeps its probes when they are spread or assigned into a fixture', async () => {
  const guest = scriptedGuest([['systemctl show', state('active')]]);
  const web = { ...guest, ...probesOf(guest, { name: 'web' }) };
  await expect(web.unit('nginx')).toBeActive();
  assert.equal(typeof expect(Object.assign(Object.create(null), web) as typeof web).toHaveChangedOnly, 'function');
});

test('what a probe, a matcher or its options are given is checked, and the error says what is right', async () => {
  const web = probesOf(scriptedGuest([]), { name: 'web' });
  const refused: readonly [() => unknown, RegExp][] = [
    [() => probesOf({} as never), /probesOf\(\): guest: expected a machine with exec/],
    [() => probesOf(scriptedGuest([]), { timeot: 1 } as never), /timeot: .*did you mean timeout\?/],
    [
      () => web.unit('nginx*'),
      /web\.unit\(\): name: expected the name of one unit, such as "nginx" or "backup.timer", got "nginx\*"/,
    ],
    [() => web.unit('--version'), /expected the name of one unit/],
    [() => web.port(0), /web\.port\(\): port: expected a whole number from 1 to 65535, got 0/],
    [() => web.port(53, { protocol: 'sctp' as never }), /protocol: expected 'tcp' or 'udp'/],
    [() => web.http('ftp://db'), /url: expected a URL of http or https/],
    [() => web.http('http://db', { headers: { 'x-a': 'b\r\nx-c: d' } }), /headers\.x-a: expected a text of one line/],
    [() => web.http('http://db', { method: 'GET /' }), /method: expected a method/],
    [() => web.file('etc/hosts'), /path: expected an absolute path in the guest, got "etc\/hosts"/],
    [() => web.file('/etc\0hosts'), /without NUL characters/],
    [() => web.package('a b'), /the name of a package, of letters/],
    [() => web.user('-l'), /the name of a user/],
    [() => web.service('..'), /name of a service/],
    [() => web.command([]), /expected a script or a list of words, got \[\]/],
    [
      () => expect(web.unit('a')).toBeActive({ timeout: '5 sec' as never }),
      /toBeActive\(\): timeout: expected a duration such as '90 s'/,
    ],
    [() => expect(web.unit('a')).toBeActive({ signal: {} as never }), /signal: expected an AbortSignal/],
    [
      () => expect(web.unit('a')).toBeActive('1 s' as never),
      /options: expected an object with timeout, interval, signal/,
    ],
    [() => expect(web.file('/a')).toHaveMode('rw-r--r--'), /mode: expected permission bits such as '0644' or 0o644/],
    [() => expect(web.file('/a')).toHaveOwner('a:b:c'), /owner: expected a user/],
    [() => expect(web.file('/a')).toHaveContent(3 as never), /content: expected a text or a regular expression, got 3/],
    [() => expect(web.command('a')).toHaveExitCode(256), /code: expected a whole number from 0 to 255/],
    [() => expect(web.http('http://a')).toHaveStatus([]), /status: expected a status from 100 to 599/],
    [() => expect(web.port(1)).toBeReachableFrom({} as never), /machine: expected a machine of the test/],
    [
      () => expect(web.journal()).toHaveNoErrorsSince('now' as never),
      /mark: expected what journal\(\)\.mark\(\) returned, or a Date/,
    ],
    [() => expect(web).toHaveChangedOnly({ file: [] } as never), /file: expected one of the options packages, files/],
    [() => expect(web).toHaveChangedOnly({ files: ['etc'] }), /an absolute path/],
  ];
  for (const [call, message] of refused) {
    await assert.rejects(
      async () => call(),
      (error: unknown) => {
        assert.ok(isGoqemuError(error), String(error));
        assert.match(error.message, message);
        assert.deepEqual([error.code, error.source], ['option-invalid', 'user']);
        return true;
      },
    );
  }
});

test('a slow host has longer limits and pauses, and one question stays one', async (t) => {
  process.env.GOQEMU_TIMEOUT_SCALE = '100';
  t.after(() => delete process.env.GOQEMU_TIMEOUT_SCALE);
  const guest = scriptedGuest([['systemctl show', state('inactive')]]);
  await assert.rejects(expect(probesOf(guest).unit('nginx')).toBeActive(once), ExpectationError);
  assert.equal(guest.received(), 2, 'the question, and the lines that matter');
});
