import { GoqemuError } from '@goqemu/core';
import type { Vm } from '../vm/vm.ts';

/**
 * @throws GoqemuError `qemu-img-missing`
 */
export async function qemuImg(vm: Vm, signal?: AbortSignal): Promise<string> {
  const { imgPath, systemPath } = await vm.host.installation(vm.spec.arch, signal);
  if (imgPath) return imgPath;
  throw new GoqemuError({
    code: 'qemu-img-missing',
    source: 'environment',
    message: `there is a QEMU at ${systemPath}, but no qemu-img beside it or on the PATH`,
    hint: 'install it: on Debian and Ubuntu it is in the package qemu-utils, elsewhere it comes with QEMU',
  });
}
