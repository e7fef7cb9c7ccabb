import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { hostPlatform } from '@goqemu/core';
import type { Backend, BackendCall } from '@goqemu/lab';
import { FakeBackend } from '@goqemu/testing';
import { layerId } from '@goqemu/vm';
import { QemuBackend } from '../backend/qemu-backend.ts';

const mine = '111111111111';
const theirs = '222222222222';
const [first, second, absent] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

/** A backend, with a way to put a layer of another lab into its store. */
interface Place {
  readonly backend: Backend;
  readonly put: (key: string) => Promise<void>;
}

async function qemu(t: TestContext): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-claim-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const platform = hostPlatform();
  const backend = new QemuBackend({ platform: { ...platform, env: { ...platform.env, GOQEMU_HOME: home } } });
  const { layers } = backend.host;
  const compatibility = { arch: 'amd64', memory: 2 ** 28, cpus: 1, accelerator: 'tcg', machineType: 'q35', cpu: 'max' };
  return {
    backend,
    put: async (key) => {
      const disk = join(await layers.prepare(key), 'disk-00000001.qcow2');
      await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '1M']);
      await layers.write({
        version: 1,
        id: layerId(key),
        key,
        descriptions: [],
        createdAt: new Date().toISOString(),
        owners: [theirs],
        identity: { instanceId: 'i', lineage: theirs, user: 'debian', hostKey: 'none' },
        agent: false,
        disk: { name: 'disk-00000001.qcow2', size: (await stat(disk)).size },
        compatibility: { ...compatibility, qemu: '7.2', devices: 'none' },
      });
    },
  };
}

async function fake(): Promise<Place> {
  const backend = new FakeBackend();
  const createdAt = new Date().toISOString();
  return {
    backend,
    put: async (key) => {
      const stored = { key, id: layerId(key), ram: false, bytes: 0, createdAt, descriptions: [] };
      backend.host.layers.set(key, { stored, disk: [], owners: new Set([theirs]) });
    },
  };
}

function callOf(lineage: string): BackendCall {
  return {
    scope: { lab: 'web', stack: 'default', lineage },
    signal: new AbortController().signal,
    progress: () => undefined,
  };
}

for (const [name, place] of [
  ['host', qemu],
  ['fake', fake],
] as const) {
  test(`${name}: a layer that a lab has claimed outlives the lab that cut it`, async (t) => {
    const { backend, put } = await place(t);
    for (const key of [first, second]) await put(key);
    assert.deepEqual([...(await backend.claimLayers([first, absent], callOf(mine)))], [first]);
    assert.deepEqual([...(await backend.claimLayers([first], callOf(mine)))], [first]);
    assert.equal((await backend.collectLayers([], callOf(theirs))).removed, 1);
    assert.deepEqual([...(await backend.findLayers([first, second], callOf(mine))).keys()], [first]);
    assert.deepEqual([...(await backend.surveyLayers(callOf(mine))).keys()], [first]);
    assert.equal((await backend.collectLayers([], callOf(mine))).removed, 1);
    assert.deepEqual([...(await backend.claimLayers([first], callOf(mine)))], []);
  });
}
