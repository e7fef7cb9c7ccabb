import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { findQemu } from '../find/find-qemu.ts';
import { otherPlatform, temporaryFolder, testQemu } from '../fixture/test-machine.ts';
import { acceleratorReport, chooseAccelerator } from './choose-accelerator.ts';
import { runCanary } from './run-canary.ts';

test('the canary runs under tcg, with the fullest CPU and with the plainest', async () => {
  const installation = await testQemu();
  for (const cpu of ['max', 'qemu64']) {
    const canary = { accelerator: 'tcg' as const, cpu, installation, platform: hostPlatform() };
    assert.deepEqual(await runCanary(canary), { passed: true, reason: 'a guest ran' });
  }
});

test('the canary for 64-bit ARM runs under tcg', async () => {
  const installation = await findQemu({ arch: 'arm64' });
  const canary = { accelerator: 'tcg' as const, cpu: 'max', installation, platform: hostPlatform() };
  assert.deepEqual(await runCanary(canary), { passed: true, reason: 'a guest ran' });
});

test('the canary fails on a CPU without long mode, and where QEMU does not start', async () => {
  const installation = await testQemu();
  const run = (cpu: string, accelerator: 'tcg' | 'hvf') =>
    runCanary({ accelerator, cpu, installation, platform: hostPlatform() });
  assert.deepEqual(await run('pentium3', 'tcg'), {
    passed: false,
    reason: 'QEMU ended with code 3 before the guest was through',
  });
  const absent = await run('max', 'hvf');
  assert.equal(absent.passed, false);
  assert.match(absent.reason, /invalid accelerator hvf/);
});

test('auto chooses kvm only after a guest was seen to run under it, and says why not otherwise', async () => {
  const installation = await testQemu();
  const device = await access('/dev/kvm').then(
    () => true,
    () => false,
  );
  const { accelerator, reason, notices } = await chooseAccelerator('auto', installation);
  if (accelerator === 'kvm') assert.deepEqual([device, reason, notices], [true, 'a guest ran', []]);
  else {
    assert.equal(accelerator, 'tcg');
    assert.match(notices[0] ?? '', /^running under emulation \(tcg\), which is slow; kvm: /);
    assert.match(reason, device ? /MSR|KVM internal error|may not open|stuck|ended/ : /there is no \/dev\/kvm/);
  }
});

test('what was asked for is taken without a proof', async () => {
  const chosen = await chooseAccelerator('kvm', await testQemu());
  assert.deepEqual(chosen, { accelerator: 'kvm', reason: 'asked for', notices: [] });
});

test('a proof is kept for this boot and this binary', async (t) => {
  const real = await testQemu();
  const installation = { ...real, features: { ...real.features, accelerators: ['hvf', 'tcg'] } };
  const platform = otherPlatform('darwin');
  const cacheFolder = await temporaryFolder(t);
  let proofs = 0;
  let bootId = 'first';
  const processes = { identify: async (pid: number) => ({ pid, startTime: '1', bootId }) };
  const prove = async () => {
    proofs += 1;
    return { passed: proofs > 1, reason: `proof ${proofs}` };
  };
  const choose = () => chooseAccelerator('auto', installation, { platform, processes, cacheFolder, prove });
  assert.equal((await choose()).accelerator, 'tcg');
  assert.equal((await choose()).accelerator, 'tcg');
  assert.equal(proofs, 1);
  bootId = 'second';
  assert.deepEqual(await choose(), { accelerator: 'hvf', reason: 'proof 2', notices: [] });
  assert.equal(proofs, 2);
});

test('a proof that took too long is not remembered: a busy host proves nothing', async (t) => {
  const real = await testQemu();
  const installation = { ...real, features: { ...real.features, accelerators: ['hvf', 'tcg'] } };
  const cacheFolder = await temporaryFolder(t);
  let proofs = 0;
  const prove = async () => {
    proofs += 1;
    return proofs === 1
      ? { passed: false, reason: 'the guest was stuck for 10 s', inconclusive: true }
      : { passed: true, reason: 'a guest ran' };
  };
  const choose = () =>
    chooseAccelerator('auto', installation, { platform: otherPlatform('darwin'), cacheFolder, prove });
  assert.equal((await choose()).accelerator, 'tcg');
  assert.equal((await choose()).accelerator, 'hvf');
});

test('each host system has an accelerator of its own, and doctor learns what would make it usable', async () => {
  const real = await testQemu();
  const all = { ...real, features: { ...real.features, accelerators: ['kvm', 'hvf', 'whpx', 'tcg'] } };
  const prove = async () => ({ passed: false, reason: 'no' });
  for (const [system, accelerator, hint] of [
    ['darwin', 'hvf', /entitlement/],
    ['win32', 'whpx', /Windows Hypervisor Platform/],
  ] as const) {
    const report = await acceleratorReport(all, { platform: otherPlatform(system), prove });
    assert.deepEqual(
      report.map((fact) => [fact.accelerator, fact.usable]),
      [
        [accelerator, false],
        ['tcg', true],
      ],
    );
    assert.match(report[0]?.hint ?? '', hint);
  }
});

test('a guest of another architecture runs under emulation, without a proof', async () => {
  const installation = { ...(await testQemu()), arch: 'aarch64' as const };
  const prove = async () => assert.fail('nothing is to be proven');
  const chosen = await chooseAccelerator('auto', installation, { platform: otherPlatform('darwin'), prove });
  assert.equal(chosen.accelerator, 'tcg');
  assert.match(chosen.reason, /this processor \(x64\) does not run aarch64 guests/);
});
