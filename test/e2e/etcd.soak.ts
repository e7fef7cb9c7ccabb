import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LabFolder } from './lab-folder.ts';

const example = new URL('../../examples/etcd/lab.ts', import.meta.url);

test('the example with an etcd cluster: a member that is partitioned away leaves the others working, and catches up', async () => {
  await using folder = await LabFolder.make(await readFile(example, 'utf8'));
  // The guests of a test take packages from the host, which has a mirror.
  await mkdir(folder.file('packages'));
  await promisify(execFile)('apt-get', ['download', 'etcd-server', 'etcd-client'], { cwd: folder.file('packages') });
  await folder.ok('apply', '--yes', '--param', 'packages=packages');
  const etcdctl = (member: string, ...words: string[]) =>
    folder.run(['exec', member, '--', 'env', 'ETCDCTL_API=3', 'etcdctl', '--command-timeout=10s', ...words]);
  const health = await etcdctl('etcd-1', 'endpoint', 'health', '--cluster');
  assert.equal(`${health.stdout}${health.stderr}`.match(/is healthy/g)?.length, 3, health.stderr);

  await folder.ok('network', 'partition', 'lan', 'etcd-3');
  const put = async (value: string) => (await etcdctl('etcd-1', 'put', 'key', value)).code;
  let isPut = (await put('one')) === 0;
  for (let tries = 0; tries < 12 && !isPut; tries += 1) isPut = (await sleep(5_000).then(() => put('one'))) === 0; // an election
  assert.ok(isPut, 'two of three are a quorum');
  assert.notEqual((await etcdctl('etcd-3', 'get', 'key')).code, 0, 'one of three is none');

  await folder.ok('network', 'heal');
  let heard = '';
  for (let tries = 0; tries < 24 && heard !== 'one'; tries += 1) {
    if (tries > 0) await sleep(5_000);
    heard = (await etcdctl('etcd-3', 'get', 'key', '--print-value-only')).stdout.trim();
  }
  assert.equal(heard, 'one');
});
