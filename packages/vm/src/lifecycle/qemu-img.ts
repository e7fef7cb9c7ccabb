import { GoqemuError } from '@goqemu/core';
import type { Vm } from '../vm/vm.ts';
import type { VmHost } from '../vm/vm-host.ts';

/**
 * @throws GoqemuError `qemu-img-missing`
 */
export function qemuImg(vm: Vm, signal?: AbortSignal): Promise<string> {
  return qemuImgOf(vm.host, vm.spec.arch, signal);
}

/**
 * The absolute path of qemu-img(1), which is the same for guests of all architectures.
 *
 * @throws GoqemuError `qemu-img-missing`
 */
export async function qemuImgOf(host: VmHost, arch: string, signal?: AbortSignal): Promise<string> {
  const { imgPath, systemPath } = await host.installation(arch, signal);
  if (imgPath) return imgPath;
  throw new GoqemuError({
    code: 'qemu-img-missing',
    source: 'environment',
    message: `there is a QEMU at ${systemPath}, but no qemu-img beside it or on the PATH`,
    hint: 'install it: on Debian and Ubuntu it is in the package qemu-utils, elsewhere it comes with QEMU',
  });
}
