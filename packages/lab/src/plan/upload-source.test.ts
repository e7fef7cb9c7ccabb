import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import type { Plan } from './plan.ts';

let folder = '';
let bench: LabBench;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-source-'));
  await mkdir(join(folder, 'build/site'), { recursive: true });
  await writeFile(join(folder, 'build/site/index.html'), 'one\n');
  await writeFile(join(folder, 'real.conf'), 'A\n');
  bench = new LabBench({ labFile: join(folder, 'lab.ts') });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lines = (plan: Plan) => plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`);
const labOf = (source: string, destination = '/etc/app.conf', options: { mode?: number } = {}) =>
  defineLab({ name: 'links' }, (lab) => void lab.vm('web').upload('conf', source, destination, options));

test('an upload whose source is a link is brought up to date when its target changes', async () => {
  await symlink('build/site', join(folder, 'site'));
  await symlink('real.conf', join(folder, 'app.conf'));
  const lab = defineLab({ name: 'links' }, (l) => {
    l.vm('web').upload('site', './site', '/var/www/html').upload('conf', './app.conf', '/etc/app.conf');
  });
  await bench.apply(lab);
  await writeFile(join(folder, 'real.conf'), 'B\n');
  assert.deepEqual(lines(await bench.plan(lab)), ['restore web', 'run web/conf']);
  await writeFile(join(folder, 'build/site/index.html'), 'two\n');
  assert.deepEqual(lines(await bench.plan(lab)), ['restore web', 'run web/site', 'run web/conf']);
});

test('a link inside of what is uploaded stays a link: its target is not part of the upload', async () => {
  await symlink('../../real.conf', join(folder, 'build/site/linked'));
  const lab = labOf('./build/site', '/srv/site');
  await bench.apply(lab);
  await writeFile(join(folder, 'real.conf'), 'B\n');
  assert.deepEqual(lines(await bench.plan(lab)), []);
});

test('the name of a file is part of the upload: a folder of the guest gets it under that name', async () => {
  const uploaded = (source: string) => labOf(source, '/etc/');
  await bench.apply(uploaded('./real.conf'));
  await rename(join(folder, 'real.conf'), join(folder, 'other.conf'));
  assert.deepEqual(lines(await bench.plan(uploaded('./other.conf'))), ['restore web', 'run web/conf']);
});

async function assertRefused(source: string, message: RegExp) {
  await assert.rejects(bench.plan(labOf(source)), (error: Error & { code?: string; location?: { line?: number } }) => {
    assert.equal(error.code, 'source-unreadable');
    assert.match(error.message, message);
    assert.ok(error.location);
    return true;
  });
}

test('a source that is not there is refused by the plan, with its step and its place in the lab', () =>
  assertRefused('./nothing', /^web\/conf: .*nothing does not exist$/));

test('links that lead nowhere, and pipes, are refused by the plan', async () => {
  await symlink('gone', join(folder, 'dangling'));
  await symlink('round', join(folder, 'round'));
  execFileSync('mkfifo', [join(folder, 'build/site/pipe')]);
  await assertRefused('./dangling', /^web\/conf: .*dangling is a symbolic link to gone, which does not exist$/);
  await assertRefused('./round', /^web\/conf: .*round is a symbolic link to round, which does not exist$/);
  const message = /^web\/conf: .*site\/pipe is neither a file, nor a folder, nor a symbolic link$/;
  await assertRefused('./build/site', message);
});

test('a mode for a folder is refused by the plan', async () => {
  await assert.rejects(bench.plan(labOf('./build/site', '/srv', { mode: 0o644 })), {
    code: 'option-invalid',
    message: 'web/conf: what is uploaded is a folder, and mode is for a file',
  });
});

test('a source that changes while it is copied fails the step, and the machine is as before it', async () => {
  const lab = labOf('./build/site', '/srv/site');
  const plan = await bench.plan(lab);
  const changing = bench.engine('links', {
    fault: async ({ verb }, moment) => {
      if (verb === 'runStep' && moment === 'after') await writeFile(join(folder, 'build/site/index.html'), 'three\n');
    },
  });
  const { errors } = await changing.apply(plan);
  assert.deepEqual(
    errors.map(({ resource, error }) => [resource, error.code]),
    [['web/conf', 'source-changed']],
  );
  assert.deepEqual(lines(await bench.plan(lab)), ['run web/conf']);
});
