import { GoqemuError } from '@goqemu/core';
import type { PublishedImage } from './catalogue-entry.ts';

/**
 * Puts a mirror in the place of all publishers: `GOQEMU_IMAGE_MIRROR=https://mirror.example/img` makes
 * `https://mirror.example/img/cloud.debian.org/images/…` of `https://cloud.debian.org/images/…`.
 *
 * @throws GoqemuError `image-mirror-invalid`
 */
export function mirrored(image: PublishedImage, mirror: string | undefined): PublishedImage {
  if (!mirror) return image;
  if (!/^https?:\/\//.test(mirror) || !URL.canParse(mirror)) {
    throw new GoqemuError({
      code: 'image-mirror-invalid',
      source: 'user',
      subject: 'GOQEMU_IMAGE_MIRROR',
      message: `GOQEMU_IMAGE_MIRROR: expected an http or https URL, got ${JSON.stringify(mirror)}`,
    });
  }
  const base = mirror.replace(/\/+$/, '');
  const replace = (url: string) => url.replace(/^https?:\/\//, `${base}/`);
  return { url: replace(image.url), checksum: { ...image.checksum, url: replace(image.checksum.url) } };
}
