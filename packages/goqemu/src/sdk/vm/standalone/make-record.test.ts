import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import type { CachedImage } from '@goqemu/image';
import { createVmHost } from '@goqemu/vm';
import { checkConfig } from '../options/vm-config.ts';
import { makeRecord } from './make-record.ts';

test('a VM has the architecture, the firmware and the host name that were asked for, and its image’s disk and user', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-record-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const asked: string[] = [];
  const host = {
    ...createVmHost({ platform: { ...hostPlatform(), env: { GOQEMU_HOME: home } } }),
    installation: async (arch: string) => {
      asked.push(arch);
      return { features: { netdevs: new Set(['user']) } } as never;
    },
  };
  const image = { name: 'debian-12', virtualSize: 12e9, user: 'debian' } as CachedImage;
  const config = checkConfig(
    { name: 'web', arch: 'arm64', hostname: 'Shop', network: 'user', memory: '1 GiB' },
    'amd64',
  );
  const { spec } = await makeRecord(host, { name: 'web', image }, config, {});
  assert.deepEqual(asked, ['arm64']);
  assert.deepEqual(
    [spec.arch, spec.firmware, spec.identity.hostname, spec.memory, spec.disk, spec.user],
    ['arm64', 'uefi', 'Shop', 2 ** 30, 12e9, 'debian'],
  );
});
