import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Architecture } from '@goqemu/spec';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { usualArchitecture } from './usual-architecture.ts';

const two = (builder: LabBuilder) => {
  builder.vm('web');
  builder.vm('old', { arch: 'amd64' });
};
const lab = defineLab({ name: 'lab' }, two);
const codes = ({ notices }: { readonly notices: readonly { readonly code: string }[] }) =>
  notices.map(({ code }) => code).filter((code) => code.startsWith('architecture'));

/** The lock file of a bench, as text. */
async function lockOf(bench: LabBench): Promise<{ architecture?: string; images?: object }> {
  return JSON.parse((await bench.storage.read('lab-lock')) ?? '{}') as { architecture?: string; images?: object };
}

/** The same folder on a host of another processor. */
async function onHost(bench: LabBench, architecture: Architecture) {
  const engine = bench.engine('lab', { architecture });
  const evaluated = await engine.evaluate(lab);
  return { engine, evaluated, plan: await engine.plan(evaluated) };
}

test('a machine that names no architecture has the host’s, which the plan says and the lock file records', async () => {
  const bench = new LabBench({ architecture: 'arm64' });
  const { plan } = await bench.apply(lab);
  const [web, old] = (await bench.evaluate(lab)).machines;
  assert.deepEqual([web?.arch, web?.firmware, old?.arch, old?.firmware], ['arm64', 'uefi', 'amd64', 'bios']);
  const [notice] = plan.notices.filter(({ code }) => code === 'architecture-default');
  assert.match(notice?.message ?? '', /^web is arm64, as this host is; lab\.lock\.json records it/);
  const { architecture, images } = await lockOf(bench);
  assert.deepEqual([architecture, Object.keys(images ?? {})], ['arm64', ['debian-12 (amd64)', 'debian-12 (arm64)']]);
  assert.deepEqual(codes(await bench.plan(lab)), [], 'what is recorded is not said again');
});

test('a colleague with another processor gets the same machines, and the plan says that they are emulated', async () => {
  const bench = new LabBench({ architecture: 'arm64' });
  await bench.apply(lab);
  const { plan, evaluated } = await onHost(bench, 'amd64');
  assert.deepEqual([evaluated.machines[0]?.arch, plan.operations], ['arm64', []]);
  const [notice] = plan.notices.filter(({ code }) => code === 'architecture-emulated');
  assert.match(notice?.message ?? '', /^web is arm64, as lab\.lock\.json has it; amd64, which this host has/);
  assert.match(notice?.hint ?? '', /write arch: 'amd64'/);
});

test('a lock file from before it had an architecture is of amd64, and moving its images on keeps what it is', async () => {
  const bench = new LabBench();
  await bench.apply(lab);
  const { architecture, ...before } = await lockOf(bench);
  assert.equal(architecture, 'amd64');
  await bench.storage.write('lab-lock', JSON.stringify(before));
  const { plan, evaluated } = await onHost(bench, 'arm64');
  assert.deepEqual([evaluated.machines[0]?.arch, codes(plan)], ['amd64', ['architecture-emulated']]);
  bench.host.images.set('debian-12', 'sha256:moved');
  const engine = bench.engine('lab', { architecture: 'arm64' });
  assert.equal((await engine.lock(evaluated, { update: true })).length, 1);
  assert.equal((await lockOf(bench)).architecture, 'amd64');
});

test('nothing is said of the usual architecture, or of a lab in which each machine names its own', async () => {
  assert.deepEqual(codes(await new LabBench().plan(lab)), []);
  const named = defineLab({ name: 'lab' }, (builder: LabBuilder) => void builder.vm('old', { arch: 'amd64' }));
  assert.deepEqual(codes(await new LabBench({ architecture: 'arm64' }).plan(named)), []);
  assert.equal(usualArchitecture({ version: 1, images: {} }, { architecture: 'arm64' }), 'arm64');
});
