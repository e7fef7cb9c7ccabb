import { access, constants, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GoqemuError,
  type GoqemuFolders,
  type HostPlatform,
  hasErrorCode,
  type Logger,
  silentLogger,
  systemErrorCode,
} from '@goqemu/core';
import { readAptMirror } from '../build/apt-mirror.ts';
import { buildDebianImage, canBuildOn } from '../build/build-debian-image.ts';
import { type DebianRecipe, debian12Recipe } from '../build/debian-recipe.ts';
import { fileDigest, ImageCache, type NewImage } from '../cache/image-cache.ts';
import { inspectImage } from '../cache/image-format.ts';
import type { ImageManifest } from '../cache/image-manifest.ts';
import { builtInCatalogue } from '../catalogue/catalogue.ts';
import type { CatalogueEntry, GuestArch, GuestProfile, PublishedImage } from '../catalogue/catalogue-entry.ts';
import { recogniseGuest } from '../catalogue/guest-profile.ts';
import { type ImageReference, parseImageReference, referenceName } from '../catalogue/image-reference.ts';
import { mirrored } from '../catalogue/publisher-mirror.ts';
import type { PublisherChecksum } from '../download/checksum-file.ts';
import { downloadFile } from '../download/download-file.ts';
import { openHttpClient } from '../download/http-client.ts';
import { fetchPublisherChecksum } from '../download/publisher-checksum.ts';
import { httpProbe, type ReachabilityProbe, rememberingProbe } from '../download/publisher-reachable.ts';
import type { CachedImage, FetchOptions, ImageProgress, ResolvedImage, VerifiedImage } from './image-results.ts';

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

/** What a reference means here and now: where its image is published and what can be made of it. */
interface Wanted {
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

type Choice =
  | { readonly how: 'download'; readonly source: string; readonly why?: undefined }
  | { readonly how: 'build'; readonly source: string; readonly why: string }
  | { readonly how: 'import'; readonly source: string; readonly why?: undefined };

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
  readonly #platform: HostPlatform;
  readonly #logger: Logger;
  readonly #catalogue: readonly CatalogueEntry[];
  readonly #whyUnreachable: ReachabilityProbe;
  readonly #recipes: Readonly<Record<string, DebianRecipe>>;
  readonly #builder: typeof buildDebianImage;

  constructor(options: ImageStoreOptions) {
    this.#logger = options.logger ?? silentLogger;
    this.cache = new ImageCache(options.folders.images, this.#logger);
    this.#platform = options.platform;
    this.#catalogue = options.catalogue ?? builtInCatalogue;
    const probe = options.publisherReachable ?? httpProbe(options.platform.env);
    this.#whyUnreachable = rememberingProbe(probe, options.folders.images);
    this.#recipes = options.recipes ?? { [debian12Recipe.name]: debian12Recipe };
    this.#builder = options.builder ?? buildDebianImage;
  }

  /** The names that a lab may use. */
  catalogue(): readonly CatalogueEntry[] {
    return this.#catalogue;
  }

  /**
   * Tells what an image is and what `ensure` would do for it, without doing it.
   *
   * @throws GoqemuError `image-unknown`, `image-arch-unavailable`, `image-file-missing`
   */
  async resolve(reference: string, options: Omit<FetchOptions, 'onProgress'> = {}): Promise<ResolvedImage> {
    const wanted = this.#wanted(reference, options.arch);
    const about = { ...wanted.guest, reference, name: wanted.name, arch: wanted.arch };
    const cached = await this.#cached(wanted);
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
    const choice = await this.#choose(wanted, options.signal);
    return {
      ...about,
      cached: false,
      how: choice.how,
      source: choice.source,
      ...(choice.why ? { why: choice.why } : {}),
    };
  }

  /**
   * Gives an image that is cached, or fetches it: verified before anything uses it, by one process at a time.
   *
   * @throws GoqemuError of {@link resolve}, `image-damaged`, and those of a failed download or build
   */
  async ensure(reference: string, options: FetchOptions = {}): Promise<CachedImage> {
    const wanted = this.#wanted(reference, options.arch);
    const ready = await this.#cached(wanted);
    if (ready) return await this.#use(wanted, ready, 'cached');
    await using _lock = await this.#lock(wanted, options);
    const meanwhile = await this.#cached(wanted);
    if (meanwhile) return await this.#use(wanted, meanwhile, 'cached');
    return await this.#fetch(wanted, await this.#choose(wanted, options.signal), options);
  }

  /**
   * Fetches what the publisher has now. An older image stays as long as it is not removed: machines lie over it.
   */
  async pull(reference: string, options: FetchOptions = {}): Promise<CachedImage> {
    const wanted = this.#wanted(reference, options.arch);
    await using _lock = await this.#lock(wanted, options);
    return await this.#fetch(wanted, await this.#choose(wanted, options.signal), options);
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
    const why = 'a build was asked for';
    return await this.#fetch(wanted, { how: 'build', source: recipeName(wanted.recipe), why }, options);
  }

  /** Every image of the cache, by name and then the newest first. */
  async list(): Promise<CachedImage[]> {
    return (await this.cache.list()).map((image) => this.#describe(image, image.reference, 'cached'));
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
    const described = images.map((image) => this.#describe(image, image.reference, 'cached'));
    for (const image of described) {
      const users = await options.usedBy(image);
      if (users.length === 0) continue;
      throw new GoqemuError({
        code: 'image-in-use',
        source: 'user',
        subject: image.name,
        message: `the image ${image.name} is in use by ${users.join(', ')}`,
        hint: 'destroy what uses it first; removing it would leave their disks without their beginning',
        data: { usedBy: users },
      });
    }
    for (const image of images) {
      await using _lock = await this.cache.lock(image.name, image.arch);
      await this.cache.remove(image);
    }
    return described;
  }

  #wanted(text: string, arch: GuestArch = 'x86_64'): Wanted {
    const reference = parseImageReference(text, this.#catalogue);
    const name = referenceName(reference);
    if (reference.kind === 'url') {
      const { url, checksum: pinned } = reference;
      return {
        reference,
        asked: url,
        name,
        arch,
        guest: recogniseGuest(url),
        published: { url },
        pinned,
        recipe: undefined,
      };
    }
    if (reference.kind === 'file') {
      const guest = recogniseGuest(reference.path);
      return {
        reference,
        asked: reference.path,
        name,
        arch,
        guest,
        published: undefined,
        pinned: undefined,
        recipe: undefined,
      };
    }
    const { entry } = reference;
    const published = entry.published[arch];
    if (!published) {
      throw new GoqemuError({
        code: 'image-arch-unavailable',
        source: 'user',
        subject: text,
        message: `${entry.title} has no image for ${arch}`,
        hint: `it has one for: ${Object.keys(entry.published).join(', ')}`,
      });
    }
    const { system, user, shell, guestAgent } = entry;
    return {
      reference,
      asked: entry.name,
      name,
      arch,
      guest: { system, user, shell, guestAgent },
      published: mirrored(published, this.#platform.env.GOQEMU_IMAGE_MIRROR),
      pinned: undefined,
      recipe: arch === 'x86_64' ? this.#recipes[entry.name] : undefined,
    };
  }

  async #cached(wanted: Wanted): Promise<ImageManifest | undefined> {
    const images = (await this.cache.list()).filter(
      (image) => image.reference === wanted.asked && image.arch === wanted.arch && matchesPin(image, wanted.pinned),
    );
    if (wanted.reference.kind !== 'file') return images[0];
    const file = await stat(wanted.reference.path).catch((error: unknown) => fileMissing(wanted.asked, error));
    return images.find(({ imported }) => imported?.size === file.size && imported.modifiedMs === file.mtimeMs);
  }

  async #choose(wanted: Wanted, signal: AbortSignal | undefined): Promise<Choice> {
    if (!wanted.published) return { how: 'import', source: wanted.asked };
    const download = { how: 'download', source: wanted.published.url } as const;
    if (!wanted.recipe || !canBuildOn(this.#platform)) return download;
    const why = await this.#whyUnreachable(wanted.published.url, signal);
    if (why === undefined || !(await this.#hasMirror(wanted.recipe, signal))) return download;
    return { how: 'build', source: recipeName(wanted.recipe), why };
  }

  /** Whether the tools are there too, the build says by name. */
  async #hasMirror(recipe: DebianRecipe, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#builder !== buildDebianImage) return true;
    try {
      await readAptMirror(recipe.suite, { signal });
      return true;
    } catch (error) {
      if (hasErrorCode(error, 'debian-mirror-missing')) return false;
      throw error;
    }
  }

  async #lock(wanted: Wanted, options: FetchOptions): Promise<AsyncDisposable> {
    try {
      return await this.cache.lock(wanted.name, wanted.arch, { waitMs: 0, signal: options.signal });
    } catch (error) {
      if (!hasErrorCode(error, 'locked')) throw error;
      options.onProgress?.({ kind: 'wait', message: `waiting, for ${error.message}` });
      return this.cache.lock(wanted.name, wanted.arch, { signal: options.signal });
    }
  }

  async #fetch(wanted: Wanted, choice: Choice, options: FetchOptions): Promise<CachedImage> {
    const { how, source, why } = choice;
    options.onProgress?.({ kind: 'choose', how, source, ...(why ? { why } : {}) });
    this.#logger.log('info', 'image', `${how} ${wanted.name}`, { source, why });
    if (how === 'build') return await this.#build(wanted, source, why, options);
    if (how === 'import') return await this.#import(wanted, options);
    return await this.#download(wanted, options);
  }

  async #download(wanted: Wanted, options: FetchOptions): Promise<CachedImage> {
    const { published, pinned } = wanted;
    if (!published) throw new Error(`${wanted.asked} is not published anywhere`);
    const { signal, onProgress } = options;
    await using client = await openHttpClient(this.#platform.env);
    const { url, checksum: file } = published;
    const checksum =
      pinned ?? (file ? await fetchPublisherChecksum(client, { url, checksum: file }, signal) : undefined);
    const known = checksum && (await this.#cached(wanted));
    if (known?.checksum?.value === checksum?.value && known) return await this.#use(wanted, known, 'cached');
    const part = join(this.cache.folder, `${wanted.name}-${wanted.arch}.part`);
    const { digest } = await downloadFile({
      client,
      url,
      part,
      checksum,
      signal,
      logger: this.#logger,
      onProgress: onProgress ? (progress: ImageProgress) => onProgress(progress) : undefined,
    });
    const inspected = await inspectImage(part);
    if (inspected.format === 'raw') {
      throw new GoqemuError({
        code: 'image-format-unsupported',
        source: 'user',
        subject: url,
        message: `${url} is no qcow2 image`,
        hint: 'give the URL of a qcow2 image; a raw one can be given as a local file',
      });
    }
    const image = {
      ...inspected,
      digest,
      key: digest,
      how: 'downloaded',
      source: url,
      ...(checksum ? { checksum } : {}),
    } as const;
    return await this.#add(wanted, image, part, 'downloaded');
  }

  async #build(wanted: Wanted, source: string, why: string, options: FetchOptions): Promise<CachedImage> {
    const { recipe } = wanted;
    if (!recipe) throw new Error(`${wanted.asked} has no recipe`);
    const { signal, onProgress } = options;
    await using work = await this.cache.workFolder(wanted.name, wanted.arch);
    const built = await this.#builder({
      recipe,
      workFolder: work.path,
      platform: this.#platform,
      logger: this.#logger,
      signal,
      onStage: (stage, message) => onProgress?.({ kind: 'build', stage, message }),
    });
    const inspected = await inspectImage(built.path);
    const digest = await fileDigest(built.path, signal);
    const guest = { ...wanted.guest, guestAgent: 'included' } as const;
    return await this.#add(
      { ...wanted, guest },
      { ...inspected, digest, key: `recipe:${built.key}`, how: 'built', why, source },
      built.path,
      'built',
    );
  }

  /** Copies a local file, sharing its blocks where the file system can: the original may change or go. */
  async #import(wanted: Wanted, options: FetchOptions): Promise<CachedImage> {
    await inspectImage(wanted.asked);
    const before = await stat(wanted.asked);
    await using work = await this.cache.workFolder(wanted.name, wanted.arch);
    const copy = join(work.path, 'copy');
    await copyFile(wanted.asked, copy, constants.COPYFILE_FICLONE);
    const inspected = await inspectImage(copy);
    const digest = await fileDigest(copy, options.signal);
    const imported = { size: before.size, modifiedMs: before.mtimeMs };
    const image = { ...inspected, digest, key: digest, how: 'imported', source: wanted.asked, imported } as const;
    return await this.#add(wanted, image, copy, 'imported');
  }

  async #add(
    wanted: Wanted,
    image: Omit<NewImage, 'name' | 'reference' | 'arch' | keyof GuestProfile>,
    file: string,
    how: CachedImage['how'],
  ): Promise<CachedImage> {
    const { name, asked: reference, arch, guest } = wanted;
    const manifest = await this.cache.add({ ...guest, ...image, name, reference, arch }, file);
    return this.#describe(manifest, wanted.asked, how);
  }

  async #use(wanted: Wanted, image: ImageManifest, how: 'cached'): Promise<CachedImage> {
    await this.cache.check(image);
    return this.#describe(await this.cache.touch(image), wanted.asked, how);
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

  #describe(image: ImageManifest, reference: string, how: CachedImage['how']): CachedImage {
    const { name, arch, format, virtualSize, size, digest, key, source, fetchedAt, lastUsedAt, why } = image;
    return {
      ...guestOf(image),
      ...{ reference, name, arch, path: this.cache.path(image), format, virtualSize, size, digest, key, how },
      ...{ origin: image.how, source, fetchedAt, lastUsedAt },
      ...(why ? { why } : {}),
    };
  }
}

const guestOf = ({ system, user, shell, guestAgent }: GuestProfile): GuestProfile => ({
  system,
  user,
  shell,
  guestAgent,
});
const recipeName = (recipe: DebianRecipe) => `recipe ${recipe.name}, version ${recipe.version}`;

function matchesPin(image: ImageManifest, pinned: PublisherChecksum | undefined): boolean {
  return !pinned || (image.checksum?.algorithm === pinned.algorithm && image.checksum.value === pinned.value);
}

async function fileMissing(path: string, error: unknown): Promise<never> {
  const missing =
    systemErrorCode(error) === 'ENOENT' ||
    !(await access(path).then(
      () => true,
      () => false,
    ));
  throw new GoqemuError({
    code: 'image-file-missing',
    source: 'user',
    subject: path,
    message: `there is no image file ${path}${missing ? '' : ' that can be read'}`,
    hint: 'a name without a path is looked up in the catalogue: goqemu image list',
    cause: error,
  });
}
