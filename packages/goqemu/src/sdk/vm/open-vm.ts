import type { VmHostOptions } from '@goqemu/vm';
import type { QemuVMConfig } from './options/vm-config.ts';
import { QemuVM } from './qemu-vm.ts';

/**
 * Makes a VM with its disk, or finds the one of this name. It does not run yet: `await vm.start()`.
 *
 * @throws as {@link QemuVM.create}
 * @example
 * await using vm = await createVM({ name: 'demo', memory: '1 GiB' });
 */
export function createVM(config?: QemuVMConfig, host?: VmHostOptions): Promise<QemuVM> {
  return QemuVM.create(config, host);
}

/**
 * Finds a VM by its name and connects to it where it runs.
 *
 * @throws as {@link QemuVM.attach}
 */
export function attachVM(
  name: string,
  options?: Pick<QemuVMConfig, 'timeouts' | 'logger' | 'onProgress'>,
  host?: VmHostOptions,
): Promise<QemuVM> {
  return QemuVM.attach(name, options, host);
}
