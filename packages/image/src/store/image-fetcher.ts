import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GoqemuError, type HostPlatform, internalError, type Logger, removeFile } from '@goqemu/core';
import type { buildDebianImage } from '../build/build-debian-image.ts';
import { copyImage } from '../cache/copy-image.ts';
import { fileDigest } from '../cache/file-digest.ts';
import type { ImageCache, NewImage } from '../cache/image-cache.ts';
import type { ImageManifest } from '../cache/image-manifest.ts';
import type { GuestProfile } from '../catalogue/catalogue-entry.ts';
import { downloadFile } from '../download/download-file.ts';
import { openHttpClient } from '../download/http-client.ts';
import { fetchPublisherChecksum } from '../download/publisher-checksum.ts';
import { inspectImage } from '../format/inspect-image.ts';
import type { FetchChoice } from './fetch-choice.ts';
import type { FetchOptions } from './image-results.ts';
import { findCached, type WantedImage } from './wanted-image.ts';

export interface ImageFetcherOptions {
  readonly cache: ImageCache;
  readonly platform: HostPlatform;
  readonly logger: Logger;
  readonly builder: typeof buildDebianImage;
}

/** Brings images into the cache; its caller holds the lock of the image. */
export class ImageFetcher {
  readonly #options: ImageFetcherOptions;

  constructor(options: ImageFetcherOptions) {
    this.#options = options;
  }

  async fetch(
    wanted: WantedImage,
    choice: FetchChoice,
    options: FetchOptions,
  ): Promise<{ readonly image: ImageManifest; readonly fresh: boolean }> {
    const { how, source, why } = choice;
    options.onProgress?.({ kind: 'choose', how, source, ...(why ? { why } : {}) });
    this.#options.logger.log('info', 'image', `${how} ${wanted.name}`, { source, why });
    if (how === 'build') return { image: await this.#build(wanted, choice, options), fresh: true };
    if (how === 'import') return { image: await this.#import(wanted, options), fresh: true };
    return await this.#download(wanted, options);
  }

  async #download(wanted: WantedImage, options: FetchOptions) {
    const { published, pinned } = wanted;
    if (!published) throw internalError(`${wanted.asked} is not published anywhere`);
    const { signal, onProgress } = options;
    const { cache, platform, logger } = this.#options;
    await using client = await openHttpClient(platform.env);
    const { url, checksum: file } = published;
    const checksum =
      pinned ?? (file ? await fetchPublisherChecksum(client, { url, checksum: file }, signal) : undefined);
    const known = checksum ? await findCached(cache, { ...wanted, pinned: checksum }) : undefined;
    const whole = known && (await cache.whole(known, signal));
    if (whole) return { image: whole, fresh: false };
    const part = join(cache.folder, `${wanted.name}-${wanted.arch}.part`);
    const { digest } = await downloadFile({ client, url, part, checksum, signal, logger, onProgress });
    try {
      const inspected = await inspectImage(part, url);
      if (inspected.format === 'raw') throw notQcow2(url);
      const came = { digest, key: digest, how: 'downloaded', source: url, ...(checksum ? { checksum } : {}) } as const;
      return { image: await this.#add(wanted, { ...inspected, ...came }, part), fresh: true };
    } catch (error) {
      await removeFile(part);
      throw error;
    }
  }

  async #build(wanted: WantedImage, choice: FetchChoice, options: FetchOptions): Promise<ImageManifest> {
    const { recipe } = wanted;
    if (!recipe) throw internalError(`${wanted.asked} has no recipe`);
    const { signal, onProgress } = options;
    const { cache, platform, logger, builder } = this.#options;
    await using work = await cache.workFolder(wanted.name, wanted.arch);
    const built = await builder({
      recipe,
      workFolder: work.path,
      platform,
      logger,
      signal,
      onStage: (stage, message) => onProgress?.({ kind: 'build', stage, message }),
    });
    const { source, why = 'a build was asked for' } = choice;
    const inspected = await inspectImage(built.path);
    const digest = await fileDigest(built.path, signal);
    const came = { digest, key: `recipe:${built.key}`, how: 'built', why, source } as const;
    const guest = { ...wanted.guest, guestAgent: 'included' } as const;
    return await this.#add({ ...wanted, guest }, { ...inspected, ...came }, built.path);
  }

  /** Copies a local file: the original may change or go. */
  async #import(wanted: WantedImage, { signal, onProgress }: FetchOptions): Promise<ImageManifest> {
    const { cache } = this.#options;
    const path = wanted.asked;
    await inspectImage(path);
    const before = await stat(path);
    await using work = await cache.workFolder(wanted.name, wanted.arch);
    const copy = join(work.path, 'copy');
    const digest = await copyImage(path, copy, {
      signal,
      onProgress: (bytes, total) => onProgress?.({ kind: 'copy', bytes, total }),
    });
    const after = await stat(path);
    if (before.size !== after.size || before.mtimeMs !== after.mtimeMs) throw changedMeanwhile(path);
    const inspected = await inspectImage(copy, basename(path));
    const imported = { size: before.size, modifiedMs: before.mtimeMs };
    const came = { digest, key: digest, how: 'imported', source: path, imported } as const;
    return await this.#add(wanted, { ...inspected, ...came }, copy);
  }

  async #add(
    wanted: WantedImage,
    image: Omit<NewImage, 'name' | 'reference' | 'arch' | keyof GuestProfile>,
    file: string,
  ): Promise<ImageManifest> {
    const { name, asked: reference, arch, guest } = wanted;
    return this.#options.cache.add({ ...guest, ...image, name, reference, arch }, file);
  }
}

function notQcow2(url: string): GoqemuError {
  return new GoqemuError({
    code: 'image-format-unsupported',
    source: 'user',
    subject: url,
    message: `${url} is no qcow2 image`,
    hint: 'give the URL of a qcow2 image; a raw one can be given as a local file',
  });
}

function changedMeanwhile(path: string): GoqemuError {
  return new GoqemuError({
    code: 'image-file-changed',
    source: 'user',
    subject: path,
    message: `${path} was written to while it was being copied`,
    hint: 'run the command again once nothing writes to the file',
  });
}
