import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notedLab } from '../fixture/noted-lab.fixture.ts';
import { LabLeases } from './lab-leases.ts';
import { endLeases } from './open-leases.ts';
import { readRunSettings } from './run-settings.ts';

const { signal } = new AbortController();
const settings = { ...readRunSettings({}, '/away'), id: 'run' };

function noted(options: Parameters<typeof notedLab>[0] = {}, failing?: string) {
  const { did, source } = notedLab(options, failing);
  return { did, source, leases: new LabLeases(source, settings) };
}

test('a fork is made from the checkpoint for each test and goes with it; the lab is applied once', async () => {
  const { leases, did } = noted();
  const names: string[] = [];
  for (const _ of [1, 2]) {
    await using lease = await leases.lease(signal);
    names.push(lease.lab.stack);
    assert.deepEqual(lease.machines, ['web']);
  }
  assert.equal(new Set(names).size, 2);
  for (const name of names) assert.match(name, /^test-run-/);
  const one = ['fork ready', 'close test', 'close default'];
  assert.deepEqual(did, ['apply', 'close default', ...one, ...one]);
});

test('a lab that the run has applied is not applied again', async () => {
  const { did, source } = noted();
  await using _lease = await new LabLeases(source, { ...settings, applied: ['key'] }).lease(signal);
  assert.ok(!did.includes('apply'));
});

test('the one lab is restored for each test, which others wait for', async () => {
  const { leases, did } = noted({ isolation: 'restore' });
  const first = await leases.lease(signal);
  const second = leases.lease(signal);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  const one = ['turn', 'restore ready', 'close default', 'turn over'];
  assert.deepEqual(did, ['apply', 'close default', ...one, ...one]);
});

test('what a test did to the networks of the one lab is over for the next', async () => {
  const { leases, did } = noted({ isolation: 'restore', networks: ['lan', 'dmz'] });
  await using _lease = await leases.lease(signal);
  assert.deepEqual(did.slice(-4), ['turn', 'restore ready', 'heal lan', 'heal dmz']);
  const left = noted({ isolation: 'none', networks: ['lan'] });
  await using _asItWas = await left.leases.lease(signal);
  assert.ok(!left.did.includes('heal lan'));
});

test('a test whose restore fails leaves the lab to the next', async () => {
  const { leases, did } = noted({ isolation: 'restore' }, 'restore ready');
  for (const _ of [1, 2]) await assert.rejects(leases.lease(signal), /restore ready failed/);
  assert.deepEqual(did.slice(-4), ['turn', 'restore ready', 'close default', 'turn over']);
});

test('a checkpoint or a machine that the lab does not have is reported with those that it has', async () => {
  const unknown = noted({ at: 'redy' });
  await assert.rejects(unknown.leases.lease(signal), { code: 'checkpoint-unknown', hint: 'it has: "ready"' });
  const machine = noted({ machines: ['web', 'mail'] });
  await assert.rejects(machine.leases.lease(signal), { code: 'machine-unknown', hint: 'it has: web' });
});

test('a process that leaves takes away what its tests have, each once', async () => {
  const { leases, did } = noted();
  const lease = await leases.lease(signal);
  await Promise.all([endLeases(), endLeases()]);
  await lease[Symbol.asyncDispose]();
  assert.equal(did.filter((one) => one === 'close test').length, 1);
});
