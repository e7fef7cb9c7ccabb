import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acquireFileLock,
  type FileLock,
  folderNames,
  GoqemuError,
  hasErrorCode,
  isGoqemuError,
  type Logger,
  parseJson,
  readIfThere,
  removeAbandonedDrafts,
  silentLogger,
  statIfThere,
  syncFolder,
  writeFileAtomic,
} from '@goqemu/core';
import { openWorkFolder } from '../build/work-folder.ts';
import type { GuestArch } from '../catalogue/catalogue-entry.ts';
import { type ImageManifest, imageManifestSchema } from './image-manifest.ts';

/** An image to be taken into the cache: what its manifest says, apart from what the cache finds out itself. */
export type NewImage = Omit<ImageManifest, 'version' | 'file' | 'size' | 'fetchedAt' | 'lastUsedAt'>;

/** How long another process may download or build an image before one that waits for it gives up. */
const lockWaitMs = 60 * 60_000;

/**
 * The folder of images: each is a read-only file named after its content, with its manifest beside it.
 * A file without a manifest is not in the cache.
 */
export class ImageCache {
  readonly folder: string;
  readonly #logger: Logger;

  constructor(folder: string, logger: Logger = silentLogger) {
    this.folder = folder;
    this.#logger = logger;
  }

  /** All images, by name and then the newest first. */
  async list(): Promise<ImageManifest[]> {
    const names = await folderNames(this.folder);
    const manifests: ImageManifest[] = [];
    for (const name of names.filter((item) => item.endsWith('.json') && !item.startsWith('.'))) {
      const manifest = await this.#read(name);
      if (manifest) manifests.push(manifest);
    }
    return manifests.sort((a, b) => a.name.localeCompare(b.name) || b.fetchedAt.localeCompare(a.fetchedAt));
  }

  /** The newest image that came by this reference. */
  async find(reference: string, arch: GuestArch): Promise<ImageManifest | undefined> {
    return (await this.list()).find((image) => image.reference === reference && image.arch === arch);
  }

  path(image: ImageManifest): string {
    return join(this.folder, image.file);
  }

  /** Moves a finished file into the cache; the manifest, written last, makes it count. */
  async add(image: NewImage, finishedFile: string): Promise<ImageManifest> {
    const content = image.key.slice(image.key.indexOf(':') + 1, image.key.indexOf(':') + 13);
    const { size } = await stat(finishedFile);
    const now = new Date().toISOString();
    const manifest: ImageManifest = {
      ...image,
      version: 1,
      file: `${image.name}-${image.arch}-${content}.${image.format === 'raw' ? 'raw' : 'qcow2'}`,
      size,
      fetchedAt: now,
      lastUsedAt: now,
    };
    const existing = (await this.list()).find((known) => known.file === manifest.file);
    if (existing && (await this.#whole(existing))) {
      // The same content, or a build of the same recipe and packages: machines may lie over the file that is there.
      await rm(finishedFile, { force: true });
      const { checksum, imported } = image;
      return this.touch({ ...existing, ...(checksum ? { checksum } : {}), ...(imported ? { imported } : {}) });
    }
    await chmod(finishedFile, 0o444); // machines only ever lay their own file over it
    await rename(finishedFile, this.path(manifest));
    await syncFolder(this.folder);
    await this.#write(manifest);
    return manifest;
  }

  async touch(image: ImageManifest): Promise<ImageManifest> {
    const touched = { ...image, lastUsedAt: new Date().toISOString() };
    await this.#write(touched);
    return touched;
  }

  /**
   * Checks that the file of an image is there and as long as it was.
   *
   * @throws GoqemuError `image-damaged`
   */
  async check(image: ImageManifest): Promise<void> {
    if (await this.#whole(image)) return;
    const found = await stat(this.path(image)).catch(() => undefined);
    throw new GoqemuError({
      code: 'image-damaged',
      source: 'environment',
      subject: image.name,
      message: `the cached image ${image.file} is ${found ? `${found.size} bytes long instead of ${image.size}` : 'gone'}`,
      hint: `run: goqemu image remove ${image.file}; it is then fetched anew`,
    });
  }

  async remove(image: ImageManifest): Promise<void> {
    // The manifest goes first: what is left after a crash is a file that does not count.
    await rm(join(this.folder, manifestName(image.file)), { force: true });
    await rm(this.path(image), { force: true });
  }

  /** SHA-256 of the image's file, as its manifest writes it. */
  async digest(image: ImageManifest, signal?: AbortSignal): Promise<string> {
    return fileDigest(this.path(image), signal);
  }

  /** Held by whoever fetches, builds or imports the image called `name`. */
  async lock(
    name: string,
    arch: GuestArch,
    options: { readonly waitMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<FileLock> {
    return acquireFileLock(join(this.folder, `.${name}-${arch}.lock`), {
      command: `fetch the image ${name}`,
      waitMs: options.waitMs ?? lockWaitMs,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  /** An empty folder for the holder of the lock; what an interrupted holder left behind is cleared away. */
  async workFolder(name: string, arch: GuestArch): Promise<{ readonly path: string } & AsyncDisposable> {
    return openWorkFolder(this.folder, `${name}-${arch}`, this.#logger);
  }

  /** Removes what those left who were killed: drafts of manifests, and folders of builds that nobody works in. */
  async removeAbandoned(): Promise<void> {
    await removeAbandonedDrafts(this.folder);
    const builds = (await folderNames(this.folder)).flatMap(
      (name) => /^\.work-(.+)-[0-9a-f]{8}$/.exec(name)?.[1] ?? [],
    );
    for (const build of new Set(builds)) {
      await using lock = await acquireFileLock(join(this.folder, `.${build}.lock`), {
        command: 'clear away what an interrupted build left',
        waitMs: 0,
      }).catch((error: unknown) => {
        if (hasErrorCode(error, 'locked')) return undefined; // it goes on
        throw error;
      });
      if (!lock) continue;
      try {
        await using _cleared = await openWorkFolder(this.folder, build, this.#logger);
      } catch (error) {
        if (!isGoqemuError(error)) throw error;
        this.#logger.log('warn', 'image', error.message, { hint: error.hint }); // told to whoever builds there next
      }
    }
  }

  async #whole(image: ImageManifest): Promise<boolean> {
    const found = await statIfThere(this.path(image));
    return found?.size === image.size;
  }

  async #read(name: string): Promise<ImageManifest | undefined> {
    const text = readIfThere(join(this.folder, name)); // it may have been removed meanwhile
    if (text === undefined) return undefined;
    const parsed = imageManifestSchema.safeParse(parseJson(text));
    if (parsed.success && manifestName(parsed.data.file) === name) return parsed.data;
    this.#logger.log('warn', 'image', `${join(this.folder, name)} is not the manifest of an image: ignored`);
    return undefined;
  }

  async #write(manifest: ImageManifest): Promise<void> {
    await writeFileAtomic(
      join(this.folder, manifestName(manifest.file)),
      `${JSON.stringify(manifest, undefined, 2)}\n`,
    );
  }
}

export async function fileDigest(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal ? { signal } : {}) }))
    hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

const manifestName = (file: string) => `${file}.json`;
