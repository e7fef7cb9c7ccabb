import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '@goqemu/vm';
import { doctor } from './doctor.ts';

test('the doctor tells of QEMU, each accelerator, the guests that are emulated, memory and room', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-doctor-'));
  t.after(() => rm(home, { recursive: true }));
  const platform = hostPlatform();
  const facts = await doctor(createVmHost({ platform: { ...platform, env: { ...platform.env, GOQEMU_HOME: home } } }));
  const finding = (name: string) => facts.find((fact) => fact.name === name)?.finding ?? '';
  assert.match(finding('QEMU'), /^\d+\.\d+\.\d+.* at \//);
  assert.match(finding('accelerator tcg'), /emulation runs everywhere/);
  assert.match(
    finding('other guests'),
    /riscv64, .*: under tcg, since this processor \(\w+\) does not run such guests/,
  );
  for (const name of ['qemu-img', 'checkpoints', 'memory', 'room', 'building debian-12'])
    assert.notEqual(finding(name), '', name);
});
