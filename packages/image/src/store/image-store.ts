import {
  freeBytes,
  GoqemuError,
  type GoqemuFolders,
  type HostPlatform,
  hasErrorCode,
  type Logger,
  silentLogger,
  systemErrorCode,
} from '@goqemu/core';
import type { buildDebianImage } from '../build/build-debian-image.ts';
import { type DebianRecipe, debianRecipes, recipeName } from '../build/debian-recipe.ts';
import { ImageCache } from '../cache/image-cache.ts';
import type { ImageManifest } from '../cache/image-manifest.ts';
import { builtInCatalogue } from '../catalogue/catalogue.ts';
import type { CatalogueEntry, GuestArch } from '../catalogue/catalogue-entry.ts';
import type { ReachabilityProbe } from '../download/publisher-reachable.ts';
import type { FetchChoice } from './fetch-choice.ts';
import type { CachedImage, FetchOptions, ResolvedImage, VerifiedImage } from './image-results.ts';
import { findCached, guestOf, type WantedImage, wantedImage } from './wanted-image.ts';

export interface ImageStoreOptions {
  readonly folders: Pick<GoqemuFolders, 'images'>;
  readonly platform: HostPlatform;
  readonly logger?: Logger;
  readonly catalogue?: readonly CatalogueEntry[];
  /** Why a publisher cannot be reached, or undefined when it can; asks over the network unless injected. */
  readonly publisherReachable?: ReachabilityProbe;
  /** What is built here when its publisher cannot be reached, by the catalogue's name. */
  readonly recipes?: Readonly<Record<string, DebianRecipe>>;
  /** Builds an image; injected in tests. */
  readonly builder?: typeof buildDebianImage;
}

/** Exactly one of the two. */
interface LookedAt {
  readonly cached?: ImageManifest;
  readonly damage?: string;
}

/**
 * The images of this host: named ones from the catalogue, others by URL or path; cached, verified and, where the
 * publisher cannot be reached, built.
 *
 * @example
 * const store = new ImageStore({ folders: goqemuFolders(platform), platform });
 * const image = await store.ensure('debian-12', { onProgress });
 * // image.path is a read-only qcow2 file to lay an overlay on
 */
export class ImageStore {
  readonly cache: ImageCache;
  readonly #options: ImageStoreOptions;
  readonly #logger: Logger;
  readonly #catalogue: readonly CatalogueEntry[];
  readonly #recipes: Readonly<Record<string, DebianRecipe>>;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.cache = new ImageCache(options.folders.images, this.#logger);
    this.#catalogue = options.catalogue ?? builtInCatalogue;
    this.#recipes = options.recipes ?? debianRecipes;
  }

  /** The names that a lab may use. */
  catalogue(): readonly CatalogueEntry[] {
    return this.#catalogue;
  }

  /**
   * Tells what an image is and what `ensure` would do for it, without doing it.
   *
   * @throws GoqemuError `image-unknown`, `image-arch-unavailable`, and those of a local file that is not accepted
   */
  async resolve(reference: string, options: Omit<FetchOptions, 'onProgress'> = {}): Promise<ResolvedImage> {
    const wanted = this.#wanted(reference, options.arch);
    const about = { ...wanted.guest, reference, name: wanted.name, arch: wanted.arch };
    const found = await findCached(this.cache, wanted);
    const { cached, damage } = found ? await this.#look(found, options.signal) : {};
    if (cached) {
      const { digest, key, virtualSize, source, why } = cached;
      const path = this.cache.path(cached);
      return {
        ...about,
        ...guestOf(cached),
        cached: true,
        how: 'cached',
        source,
        path,
        digest,
        key,
        virtualSize,
        ...(why ? { why } : {}),
      };
    }
    const choice = await this.#choose(wanted, options);
    return {
      ...about,
      cached: false,
      how: choice.how,
      ...(choice.how === 'build' ? { guestAgent: 'included' } : {}),
      source: choice.source,
      ...(choice.why ? { why: choice.why } : {}),
      ...(choice.how === 'import' ? await this.#lookAtFile(choice.source) : {}),
      // What is fetched instead of a damaged one is the same in all likelihood: if not, that shows when it is here.
      ...(found && damage ? { damage, key: found.key, virtualSize: found.virtualSize } : {}),
    };
  }

  /**
   * Gives an image that is cached, or fetches it: verified before anything uses it, by one process at a time. One whose
   * file has changed since counts as lost, and is fetched again.
   *
   * @throws GoqemuError of {@link resolve}, and those of a failed download, build or copy
   */
  async ensure(reference: string, options: FetchOptions = {}): Promise<CachedImage> {
    const wanted = this.#wanted(reference, options.arch);
    const ready = await this.#useCached(wanted, options);
    if (ready) return ready;
    await using _lock = await this.#lock(wanted, options);
    const meanwhile = await this.#useCached(wanted, options);
    if (meanwhile) return meanwhile;
    return await this.#fetch(wanted, await this.#choose(wanted, options), options);
  }

  /**
   * Fetches what the publisher has now, and asks even one that could not be reached a moment ago. An older image
   * stays as long as it is not removed: machines lie over it.
   */
  async pull(reference: string, options: FetchOptions = {}): Promise<CachedImage> {
    const wanted = this.#wanted(reference, options.arch);
    await using _lock = await this.#lock(wanted, options);
    return await this.#fetch(wanted, await this.#choose(wanted, { signal: options.signal, askAgain: true }), options);
  }

  /**
   * Builds an image here, whether its publisher can be reached or not.
   *
   * @throws GoqemuError `build-no-recipe` for an image that goqemu has no recipe for; those of a failed build
   */
  async build(reference: string, options: FetchOptions = {}): Promise<CachedImage> {
    const wanted = this.#wanted(reference, options.arch);
    if (!wanted.recipe) {
      throw new GoqemuError({
        code: 'build-no-recipe',
        source: 'user',
        subject: reference,
        message: `goqemu has no recipe to build ${JSON.stringify(reference)} for ${wanted.arch}`,
        hint: `it can build: ${Object.keys(this.#recipes).join(', ')} for x86_64`,
      });
    }
    await using _lock = await this.#lock(wanted, options);
    const choice = { how: 'build', source: recipeName(wanted.recipe), why: 'a build was asked for' } as const;
    return await this.#fetch(wanted, choice, options);
  }

  /** Every image of the cache, by name and then the newest first. */
  async list(): Promise<CachedImage[]> {
    return (await this.cache.list()).map((image) => this.#describe(image, 'cached'));
  }

  /** Reads whole image files and compares their digests; all images unless `selector` names some. */
  async verify(selector?: string, options: { readonly signal?: AbortSignal } = {}): Promise<VerifiedImage[]> {
    const results: VerifiedImage[] = [];
    for (const image of selector === undefined ? await this.cache.list() : await this.#select(selector)) {
      const found = await this.cache.digest(image, options.signal).catch((error: unknown) => {
        if (systemErrorCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      const { name, file, digest } = image;
      results.push({ name, file, ok: found === digest, expected: digest, ...(found ? { found } : {}) });
    }
    return results;
  }

  /**
   * Removes images that nothing uses.
   *
   * @param selector a name, a file name or the beginning of a digest
   * @param usedBy names what uses an image: machines, layers
   * @throws GoqemuError `image-not-cached`, `image-in-use` before anything is removed
   */
  async remove(
    selector: string,
    options: { readonly usedBy: (image: CachedImage) => Promise<readonly string[]> },
  ): Promise<CachedImage[]> {
    const images = await this.#select(selector);
    const described = images.map((image) => this.#describe(image, 'cached'));
    for (const image of described) {
      const users = await options.usedBy(image);
      if (users.length === 0) continue;
      throw new GoqemuError({
        code: 'image-in-use',
        source: 'user',
        subject: image.name,
        message: `the image ${image.name} is in use by ${users.join(', ')}`,
        hint: 'destroy what uses it first; their disks are based on it',
        data: { usedBy: users },
      });
    }
    for (const image of images) {
      await using _lock = await this.cache.lock(image.name, image.arch);
      await this.cache.remove(image);
    }
    return described;
  }

  #wanted(reference: string, arch: GuestArch = 'x86_64'): WantedImage {
    return wantedImage(reference, arch, {
      catalogue: this.#catalogue,
      recipes: this.#recipes,
      mirror: this.#options.platform.env.GOQEMU_IMAGE_MIRROR,
    });
  }

  async #choose(
    wanted: WantedImage,
    { signal, askAgain = false }: { readonly signal?: AbortSignal | undefined; readonly askAgain?: boolean },
  ): Promise<FetchChoice> {
    const { chooseFetch } = await import('./fetching.ts');
    const { folders, platform, publisherReachable: probe, builder } = this.#options;
    return chooseFetch(wanted, { folders, platform, probe, builder, askAgain, signal });
  }

  async #lock(wanted: WantedImage, options: FetchOptions): Promise<AsyncDisposable> {
    try {
      return await this.cache.lock(wanted.name, wanted.arch, { waitMs: 0, signal: options.signal });
    } catch (error) {
      if (!hasErrorCode(error, 'locked')) throw error;
      options.onProgress?.({ kind: 'wait', message: `waiting, for ${error.message}` });
      return this.cache.lock(wanted.name, wanted.arch, { signal: options.signal });
    }
  }

  async #fetch(wanted: WantedImage, choice: FetchChoice, options: FetchOptions): Promise<CachedImage> {
    const { buildDebianImage, ImageFetcher } = await import('./fetching.ts');
    const { platform, builder = buildDebianImage } = this.#options;
    const fetcher = new ImageFetcher({ cache: this.cache, platform, logger: this.#logger, builder });
    const { image, fresh } = await fetcher.fetch(wanted, choice, options);
    if (!fresh) return this.#describe(await this.cache.touch(image), 'cached');
    return this.#describe(image, image.how);
  }

  async #useCached(wanted: WantedImage, options: FetchOptions): Promise<CachedImage | undefined> {
    const found = await findCached(this.cache, wanted);
    if (!found) return undefined;
    const { cached, damage } = await this.#look(found, options.signal);
    if (cached) return this.#describe(await this.cache.touch(cached), 'cached');
    options.onProgress?.({ kind: 'damaged', message: `${damage}: it is fetched again` });
    return undefined;
  }

  /** An image of the cache as it is now, or what is wrong with it. */
  async #look(image: ImageManifest, signal: AbortSignal | undefined): Promise<LookedAt> {
    try {
      return { cached: await this.cache.check(image, signal) };
    } catch (error) {
      if (!hasErrorCode(error, 'image-damaged')) throw error;
      this.#logger.log('warn', 'image', error.message);
      return { damage: error.message };
    }
  }

  /** Refuses a file that would be refused when it is copied in. */
  async #lookAtFile(path: string): Promise<Pick<ResolvedImage, 'virtualSize' | 'room'>> {
    const { copiedBytes, inspectImage } = await import('./fetching.ts');
    const { virtualSize } = await inspectImage(path);
    const [needed, free] = await Promise.all([copiedBytes(path), freeBytes(this.cache.folder)]);
    return { virtualSize, room: { needed, free } };
  }

  async #select(selector: string): Promise<ImageManifest[]> {
    const digest = selector.replace(/^sha256:/, '');
    const images = (await this.cache.list()).filter(
      (image) =>
        [image.name, image.file, image.reference].includes(selector) ||
        (/^[0-9a-f]{8,64}$/.test(digest) && image.digest.startsWith(`sha256:${digest}`)),
    );
    if (images.length > 0) return images;
    throw new GoqemuError({
      code: 'image-not-cached',
      source: 'user',
      subject: selector,
      message: `no cached image is called ${JSON.stringify(selector)}`,
      hint: 'run: goqemu image list',
    });
  }

  #describe(image: ImageManifest, how: CachedImage['how']): CachedImage {
    const { reference, name, arch, format, virtualSize, size, digest, key, source, fetchedAt, lastUsedAt, why } = image;
    return {
      ...guestOf(image),
      ...{ reference, name, arch, path: this.cache.path(image), format, virtualSize, size, digest, key, how },
      ...{ origin: image.how, source, fetchedAt, lastUsedAt },
      ...(why ? { why } : {}),
    };
  }
}
