import { backingChain } from '../layers/backing-chain.ts';
import type { VmCall, VmHost } from '../vm/vm-host.ts';

/**
 * Refuses to start anything on an image that is not what it was: a guest whose disk has lost a part of its blocks stalls
 * somewhere in its boot, and says nothing of the reason.
 *
 * @throws GoqemuError `image-damaged`
 */
export async function checkImageBelow(host: VmHost, disk: string, call: VmCall): Promise<void> {
  const image = (await backingChain(disk)).at(-1);
  if (image) await host.images.cache.checkFile(image, call.signal);
}
