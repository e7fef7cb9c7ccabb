import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { probesOf } from '../probes/probes-of.ts';
import { ActionLog } from './action-log.ts';
import { inStep } from './current-step.ts';
import { recorded } from './recorded-calls.ts';

const started = { kind: 'mark', title: 'one' } as const;

class Machine {
  readonly name = 'web';
  #output = { stdout: 'the token is s3cret\n', stderr: '', exitCode: 3 };
  async exec(_command: unknown, _options?: object) {
    return this.#output;
  }
  async restart(): Promise<void> {
    throw new GoqemuError({ code: 'vm-not-running', source: 'user', message: 'it is off', hint: 'start it' });
  }
}

function machine(log: ActionLog) {
  const web = new Machine();
  const bound = { name: 'web', exec: web.exec.bind(web), restart: web.restart.bind(web) };
  return recorded(bound, log, { kind: 'machine', name: 'web' });
}

test('a call of a machine is an action with its output, and its exit code', async () => {
  const log = new ActionLog();
  await machine(log).exec('uptime', { sudo: true });
  const [action] = log.actions;
  assert.equal(action?.title, 'web.exec("uptime", {"sudo":true})');
  assert.deepEqual(
    [action?.n, action?.kind, action?.machine, action?.result, action?.exitCode, action?.stdout, action?.stderr],
    [1, 'machine', 'web', 'passed', 3, 'the token is s3cret\n', undefined],
  );
  assert.deepEqual(action?.again, { on: 'machine', name: 'web', method: 'exec', args: ['uptime', { sudo: true }] });
});

test('a call that fails is thrown on, and its action has the error', async () => {
  const log = new ActionLog();
  await assert.rejects(machine(log).restart(), { code: 'vm-not-running' });
  const { result, error } = log.actions[0] ?? {};
  assert.deepEqual(
    [result, error?.code, error?.message, error?.hint],
    ['failed', 'vm-not-running', 'it is off', 'start it'],
  );
});

test('a machine among the arguments stands for its name', async () => {
  const log = new ActionLog();
  const guest = { exec: async () => ({ stdout: '', stderr: '', exitCode: 0 }) };
  const [web, db] = [probesOf(guest, { name: 'web' }), probesOf(guest, { name: 'db' })];
  const lan = recorded({ partition: async (..._groups: unknown[]) => undefined }, log, {
    kind: 'network',
    name: 'lan',
  });
  await lan.partition(web, [db, 'cache']);
  assert.equal(log.actions[0]?.title, 'lan.partition("web", ["db","cache"])');
  assert.deepEqual(log.actions[0]?.again?.args, ['web', ['db', 'cache']]);
});

test('one that has not ended is unfinished', () => {
  const log = new ActionLog();
  log.perform(started, () => new Promise(() => undefined));
  assert.deepEqual([log.actions[0]?.result, log.actions[0]?.durationMs], ['unfinished', undefined]);
});

test('what is done in a step is a part of it', async () => {
  const log = new ActionLog();
  await log.perform({ kind: 'step', title: 'outer' }, async (step) =>
    inStep(step, async () => machine(log).exec('true')),
  );
  assert.deepEqual(
    log.actions.map(({ n, step }) => [n, step]),
    [
      [1, undefined],
      [2, 1],
    ],
  );
});

test('a secret is in no title, output or error, and its call cannot be made again', async () => {
  const log = new ActionLog(() => (text) => text.replaceAll('s3cret', '•••'));
  await machine(log).exec('login s3cret');
  assert.throws(() =>
    log.perform(started, () => {
      throw new Error('s3cret is wrong');
    }),
  );
  assert.doesNotMatch(JSON.stringify(log.actions), /s3cret/);
  assert.equal(log.actions[0]?.again, undefined);
});

test('of a command, its environment and its input are not kept; its text is not where it has a label', async () => {
  const log = new ActionLog();
  await machine(log).exec('login', { environment: { TOKEN: 'abc' }, input: 'def' });
  await machine(log).exec('login ghi', { label: 'log in' });
  assert.doesNotMatch(JSON.stringify(log.actions), /abc|def|ghi/);
  assert.deepEqual(
    log.actions.map(({ title, again }) => [title, again]),
    [
      ['web.exec("login")', undefined],
      ['web.exec("log in")', undefined],
    ],
  );
});

test('a long output keeps its beginning and its end, and many actions the first and the last', async () => {
  const log = new ActionLog();
  await log.perform(started, async () => ({ exitCode: 0, stdout: `begin${'x'.repeat(100_000)}end` }));
  assert.match(log.actions[0]?.stdout ?? '', /^begin[\s\S]*\n… \d+ characters are left out …\n[\s\S]*end$/);
  assert.ok((log.actions[0]?.stdout?.length ?? 0) < 40_000);
  for (let n = 0; n < 2500; n++) log.perform(started, () => undefined);
  assert.deepEqual([log.actions.length, log.omitted, log.actions.at(-1)?.n], [2000, 501, 2501]);
});
