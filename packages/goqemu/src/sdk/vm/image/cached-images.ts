import type { CachedImage } from '@goqemu/image';
import { createVmHost, imageUsers, type VmHostOptions } from '@goqemu/vm';

/** The images in `~/qemu/img`, by name and then the newest first. */
export function listCachedImages(host: VmHostOptions = {}): Promise<CachedImage[]> {
  return createVmHost(host).images.list();
}

/**
 * Removes an image from the cache.
 *
 * @param image its name, its file name, or at least 8 digits of its digest
 * @returns what was removed
 * @throws GoqemuError `image-not-cached`; `image-in-use` naming the VMs and snapshots whose disks begin in it
 */
export function deleteCachedImage(image: string, host: VmHostOptions = {}): Promise<CachedImage[]> {
  const vmHost = createVmHost(host);
  return vmHost.images.remove(image, { usedBy: (one) => imageUsers(vmHost, one) });
}
