import type { GuestArch, ResolvedImage as StoreImage } from '@goqemu/image';
import type { Architecture, ResolvedImage } from '@goqemu/lab';

/** The image layer uses the kernel's names. */
export function architectureOfImages(arch: Architecture): GuestArch {
  return arch === 'amd64' ? 'x86_64' : 'aarch64';
}

/** What the plan needs to know about an image. */
export function describeImage(
  reference: string,
  image: Pick<StoreImage, 'name' | 'cached' | 'how' | 'why' | 'key' | 'user' | 'source'>,
): ResolvedImage {
  const done = { cached: 'cached', download: 'to be downloaded', build: 'to be built here', import: 'to be imported' }[
    image.how
  ];
  return {
    reference,
    key: image.key ?? image.source,
    description: `${image.name}, ${done}${image.how === 'build' && image.why ? `: ${image.why}` : ''}`,
    ...(image.key?.startsWith('recipe:') ? { pin: image.source } : {}),
    present: image.cached,
    user: image.user,
  };
}
