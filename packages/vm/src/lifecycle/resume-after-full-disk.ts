import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';

/**
 * Takes a guest on whose writes found no room while a copy of its RAM filled its file system: QEMU stops it then, and repeats the
 * writes when it continues (QEMU's qemu-options.hx, `-drive werror=enospc`). Where there is no room yet, it stops again.
 */
export async function resumeAfterFullDisk(vm: Vm, { qmp }: Machine): Promise<void> {
  const found = await qmp.execute('query-status').catch(() => undefined); // one that has ended is not to be taken on
  if (found?.status !== 'io-error') return;
  await qmp.execute('cont');
  vm.trace('the guest runs after its disk was full');
}
