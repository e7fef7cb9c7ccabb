import { GoqemuError, statIfThere } from '@goqemu/core';
import type { DebianRecipe } from '../build/debian-recipe.ts';
import type { ImageCache } from '../cache/image-cache.ts';
import type { ImageManifest } from '../cache/image-manifest.ts';
import type { CatalogueEntry, GuestArch, GuestProfile, PublishedImage } from '../catalogue/catalogue-entry.ts';
import { recogniseGuest } from '../catalogue/guest-profile.ts';
import { type ImageReference, parseImageReference, referenceName } from '../catalogue/image-reference.ts';
import { mirrored } from '../catalogue/publisher-mirror.ts';
import type { PublisherChecksum } from '../download/checksum-file.ts';

/** What a reference means here and now: where its image is published and what can be made of it. */
export interface WantedImage {
  readonly reference: ImageReference;
  /** What the manifest records. */
  readonly asked: string;
  readonly name: string;
  readonly arch: GuestArch;
  readonly guest: GuestProfile;
  readonly published: { readonly url: string; readonly checksum?: PublishedImage['checksum'] | undefined } | undefined;
  readonly pinned: PublisherChecksum | undefined;
  readonly recipe: DebianRecipe | undefined;
}

/** What this host knows of images: its catalogue, what it can build, and the mirror that it was given. */
export interface ImageKnowledge {
  readonly catalogue: readonly CatalogueEntry[];
  readonly recipes: Readonly<Record<string, DebianRecipe>>;
  readonly mirror: string | undefined;
}

/** @throws GoqemuError `image-unknown`, `image-reference-invalid`, `image-arch-unavailable`, `image-mirror-invalid` */
export function wantedImage(text: string, arch: GuestArch, knowledge: ImageKnowledge): WantedImage {
  const reference = parseImageReference(text, knowledge.catalogue);
  const about = { reference, name: referenceName(reference), arch };
  const none = { published: undefined, pinned: undefined, recipe: undefined };
  if (reference.kind === 'file')
    return { ...about, ...none, asked: reference.path, guest: recogniseGuest(reference.path) };
  if (reference.kind === 'url') {
    const { url, checksum: pinned } = reference;
    return { ...about, ...none, asked: url, guest: recogniseGuest(url), published: { url }, pinned };
  }
  const { entry } = reference;
  const published = entry.published[arch];
  if (!published) {
    const others = Object.keys(entry.published);
    const ways = `write arch: '${others[0] === 'x86_64' ? 'amd64' : 'arm64'}' in the lab, or choose another image`;
    throw new GoqemuError({
      code: 'image-arch-unavailable',
      source: 'user',
      subject: text,
      message: `${entry.title} has no image for ${arch}`,
      hint: `it has one for ${others.join(', ')}: ${ways}`,
    });
  }
  return {
    ...about,
    asked: entry.name,
    guest: guestOf(entry),
    published: mirrored(published, knowledge.mirror),
    pinned: undefined,
    recipe: arch === 'x86_64' ? knowledge.recipes[entry.name] : undefined,
  };
}

/** The newest image of the cache that is what is wanted: of a local file, only one that was copied from it as it is. */
export async function findCached(cache: ImageCache, wanted: WantedImage): Promise<ImageManifest | undefined> {
  const images = (await cache.list()).filter(
    (image) => image.reference === wanted.asked && image.arch === wanted.arch && matchesPin(image, wanted.pinned),
  );
  if (wanted.reference.kind !== 'file') return images[0];
  const file = await statIfThere(wanted.reference.path);
  return images.find(({ imported }) => file && imported?.size === file.size && imported.modifiedMs === file.mtimeMs);
}

function matchesPin(image: ImageManifest, pinned: PublisherChecksum | undefined): boolean {
  if (!pinned || image.digest === `${pinned.algorithm}:${pinned.value}`) return true;
  return image.checksum?.algorithm === pinned.algorithm && image.checksum.value === pinned.value;
}

export const guestOf = ({ system, user, shell, guestAgent }: GuestProfile): GuestProfile => ({
  system,
  user,
  shell,
  guestAgent,
});
