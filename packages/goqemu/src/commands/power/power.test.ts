import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';

async function applied(machines: readonly string[] = ['web']): Promise<TestLab> {
  const lab = new TestLab(labOf('web', machines));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  return lab;
}

async function states(lab: TestLab): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await lab.run(['status', '--json']);
  const { machines } = JSON.parse(stdout) as { machines: { name: string; state: string }[] };
  return Object.fromEntries(machines.map(({ name, state }) => [name, state]));
}

test('stop, start, suspend and resume ask nothing, and report as apply does', async () => {
  using lab = await applied(['web', 'db']);
  const stop = await lab.run(['stop', 'web']);
  assert.equal(stop.code, 0, stop.stderr);
  assert.equal(stop.stdout, '');
  assert.match(stop.stderr, /web {2}▪ stop: requested with goqemu stop\n(.*\n)*web {2}✔ stopped in .*\n(.*\n)*Done in/);
  assert.deepEqual(await states(lab), { web: 'stopped', db: 'running' });
  assert.match((await lab.run(['plan'])).stdout, /^Nothing to do/);
  assert.match((await lab.run(['plan', '--start'])).stdout, /▸ start {4}web {2}it was stopped, and --start starts it/);
  assert.equal((await lab.run(['start'])).code, 0);
  assert.equal((await lab.run(['suspend'])).code, 0);
  assert.deepEqual(await states(lab), { web: 'suspended', db: 'suspended' });
  assert.match((await lab.run(['status'])).stdout, /\nweb +suspended/);
  const resume = await lab.run(['resume', '--json']);
  assert.deepEqual((({ outcome, changes, errors }) => ({ outcome, changes, errors }))(JSON.parse(resume.stdout)), {
    outcome: 'done',
    changes: 2,
    errors: [],
  });
  assert.match((await lab.run(['resume'])).stderr, /Nothing to do: no machine of lab web has to be resumed/);
  assert.equal((await lab.run(['restart', 'web', 'web'])).code, 0);
  assert.deepEqual(await states(lab), { web: 'running', db: 'running' });
  await lab.run(['stop']);
  assert.match((await lab.run(['apply', '--yes', '--start'])).stderr, /web {2}✔ started/);
});

test('stopping a suspended machine drops its RAM: that is asked, or said with --yes', async () => {
  using lab = await applied();
  await lab.run(['suspend']);
  const asked = await lab.run(['stop']);
  assert.equal(asked.code, 64);
  assert.match(asked.stderr, /confirmation is needed/);
  assert.deepEqual(await states(lab), { web: 'suspended' });
  const stop = await lab.run(['stop', '--yes']);
  assert.equal(stop.code, 0, stop.stderr);
  assert.match(stop.stderr, /web is suspended: this drops its RAM, and what ran in it; its disk stays/);
  assert.deepEqual(await states(lab), { web: 'stopped' });
});

test('what a machine cannot do is an error with the reason and the command that helps', async () => {
  using lab = await applied();
  const resume = await lab.run(['resume', 'web']);
  assert.equal(resume.code, 0, 'it runs already');
  await lab.run(['stop']);
  const suspend = await lab.run(['suspend', 'web']);
  assert.equal(suspend.code, 1);
  assert.match(suspend.stderr, /web is stopped: only a running machine has RAM to keep/);
  assert.match(suspend.stderr, /goqemu start web/);
  assert.match((await lab.run(['stop', 'wep'])).stderr, /did you mean "web"/);
  const exec = await lab.run(['exec', 'web', '--', 'true']);
  assert.match(exec.stderr, /machine web is stopped(.*\n)*.*goqemu start web/);
});

test('the monitor of a paused machine is reached, and the machine is paused, not drift', async () => {
  using lab = await applied();
  Object.assign(lab.host.machine('web') ?? {}, { status: 'paused' });
  assert.deepEqual(await states(lab), { web: 'paused' });
  assert.match((await lab.run(['plan'])).stdout, /^Nothing to do/);
  assert.match((await lab.run(['qmp', 'web', 'cont'])).stderr, /a machine of the fake backend has no monitor/);
  assert.match((await lab.run(['exec', 'web', '--', 'true'])).stderr, /resume it with "goqemu resume web"/);
  await lab.run(['resume']);
  assert.deepEqual(await states(lab), { web: 'running' });
});

test('a lab.ts that no longer loads does not keep its machines from being stopped', async () => {
  using lab = await applied();
  lab.write('export default 1;');
  assert.equal((await lab.run(['stop'])).code, 0);
  assert.equal(lab.host.machine('web')?.status, 'stopped');
});
