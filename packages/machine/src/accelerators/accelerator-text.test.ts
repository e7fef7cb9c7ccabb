import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QemuInstallation } from '../find/installation.ts';
import { acceleratorText } from './accelerator-text.ts';

const qemu = (major: number, minor: number, arch: QemuInstallation['arch'] = 'x86_64') => ({
  arch,
  version: { major, minor, micro: 0, text: `${major}.${minor}.0` },
});

test('WHPX is given the options that its version needs, and nothing else is given any', () => {
  const text = (version: ReturnType<typeof qemu>) => acceleratorText('whpx', version, { env: {} });
  assert.equal(text(qemu(5, 1)), 'whpx');
  assert.equal(text(qemu(9, 2)), 'whpx,kernel-irqchip=off');
  assert.equal(text(qemu(11, 0)), 'whpx');
  assert.equal(text(qemu(10, 2, 'aarch64')), 'whpx');
  for (const accelerator of ['kvm', 'hvf', 'tcg'] as const)
    assert.equal(acceleratorText(accelerator, qemu(9, 2), { env: { GOQEMU_WHPX_OPTIONS: 'a=b' } }), accelerator);
});

test('GOQEMU_WHPX_OPTIONS stands in their place, also when it is empty; what is no option is refused', () => {
  const text = (options: string) => acceleratorText('whpx', qemu(9, 2), { env: { GOQEMU_WHPX_OPTIONS: options } });
  assert.equal(text('kernel-irqchip=on,hyperv=off'), 'whpx,kernel-irqchip=on,hyperv=off');
  assert.equal(text(''), 'whpx');
  for (const wrong of ['on', 'a=b -device x', 'a=b,,c=d'])
    assert.throws(() => text(wrong), { code: 'accelerator-options-invalid' });
});
