import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { bootLimits, stopLimits } from './time-limits.ts';

const host = (scale?: string) => ({ platform: { ...hostPlatform(), env: { GOQEMU_TIMEOUT_SCALE: scale } } });
const identity = { pid: process.pid, startTime: '', bootId: '' };

test('time-outs of a machine are those of the stages of its boot, and the scale goes with them', async () => {
  const { timeouts, timeoutScale, processor } = bootLimits(host('2.5'), identity, {
    sshBanner: 9,
    cloudInit: 7,
    stop: 5,
  });
  assert.deepEqual(timeouts, { 'ssh-banner': 9, 'cloud-init': 7 });
  assert.equal(timeoutScale, 2.5);
  assert.ok((await processor?.look())?.usedMs, 'the processor time is that of the process');
});

test('the guest has its time to stop by the agent and by ACPI; the scale multiplies every rung', () => {
  assert.deepEqual(stopLimits(host(), { stop: 10_000 }), {
    'guest-agent': 5000,
    acpi: 5000,
    quit: 10_000,
    sigterm: 5000,
    sigkill: 5000,
  });
  assert.deepEqual(stopLimits(host('2'), {}), {
    'guest-agent': 60_000,
    acpi: 60_000,
    quit: 20_000,
    sigterm: 10_000,
    sigkill: 10_000,
  });
});
