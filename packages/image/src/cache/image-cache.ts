import type { Stats } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  acquireFileLock,
  errorMessage,
  type FileLock,
  type FileOperations,
  folderNames,
  GoqemuError,
  hasErrorCode,
  hostFileOperations,
  isGoqemuError,
  type Logger,
  parseJson,
  readIfThere,
  removeAbandonedDrafts,
  removeFile,
  removeUnlessHeld,
  replaceFile,
  replaceUnlessHeld,
  silentLogger,
  statIfThere,
  syncFolder,
  writeOwnFile,
} from '@goqemu/core';
import { openWorkFolder } from '../build/work-folder.ts';
import type { GuestArch } from '../catalogue/catalogue-entry.ts';
import { fileDigest } from './file-digest.ts';
import { type ImageManifest, imageManifestSchema } from './image-manifest.ts';

/** An image to be taken into the cache: what its manifest says, apart from what the cache finds out itself. */
export type NewImage = Omit<ImageManifest, 'version' | 'file' | 'size' | 'verified' | 'fetchedAt' | 'lastUsedAt'>;

/** How long another process may download or build an image before one that waits for it gives up. */
const lockWaitMs = 60 * 60_000;

/**
 * The folder of images: each is a read-only file named after its content, with its manifest beside it.
 * A file without a manifest is not in the cache.
 */
export class ImageCache {
  readonly folder: string;
  readonly #logger: Logger;
  readonly #files: FileOperations;

  constructor(folder: string, logger: Logger = silentLogger, files: FileOperations = hostFileOperations) {
    this.folder = folder;
    this.#logger = logger;
    this.#files = files;
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

  /**
   * Moves a finished file into the cache; the manifest, written last, makes it count. Where the same image is there
   * and whole, its file stays, for machines may stand on it; one that is damaged is replaced by the same content.
   */
  async add(image: NewImage, finishedFile: string): Promise<ImageManifest> {
    const existing = (await this.list()).find(
      (known) => known.key === image.key && known.name === image.name && known.arch === image.arch,
    );
    const whole = existing && (await this.whole(existing));
    if (whole) {
      await removeFile(finishedFile);
      const { checksum, imported } = image;
      return this.touch({ ...whole, ...(checksum ? { checksum } : {}), ...(imported ? { imported } : {}) });
    }
    // By its content: two builds of the same packages differ in theirs, and what stands on one cannot stand on the other.
    const content = image.digest.slice('sha256:'.length).slice(0, 12);
    const file = `${image.name}-${image.arch}-${content}.${image.format === 'raw' ? 'raw' : 'qcow2'}`;
    await chmod(finishedFile, 0o444); // machines only ever lay their own file over it
    await this.#place(finishedFile, join(this.folder, file), image.digest);
    await syncFolder(this.folder);
    const found = await stat(join(this.folder, file));
    const now = new Date().toISOString();
    const manifest: ImageManifest = {
      ...image,
      version: 1,
      file,
      size: found.size,
      verified: appearance(found),
      fetchedAt: now,
      lastUsedAt: now,
    };
    await this.#write(manifest);
    return manifest;
  }

  async touch(image: ImageManifest): Promise<ImageManifest> {
    const touched = { ...image, lastUsedAt: new Date().toISOString() };
    await this.#write(touched);
    return touched;
  }

  /**
   * Checks that an image's content is what was verified. A file that looks as it did then is not read again.
   *
   * @returns what its manifest says from now on
   * @throws GoqemuError `image-damaged`
   */
  async check(image: ImageManifest, signal?: AbortSignal): Promise<ImageManifest> {
    const checked = await this.#checked(image, signal);
    if ('image' in checked) return checked.image;
    throw new GoqemuError({
      code: 'image-damaged',
      source: 'environment',
      subject: image.name,
      message: `the cached image ${image.file} ${checked.why}`,
      hint: `fetch it again: goqemu image pull ${image.reference}; where that brings the same content, what stands on it is whole again`,
    });
  }

  /** The image, or undefined when its content is not what was verified. */
  async whole(image: ImageManifest, signal?: AbortSignal): Promise<ImageManifest | undefined> {
    const checked = await this.#checked(image, signal);
    return 'image' in checked ? checked.image : undefined;
  }

  /**
   * Checks the image that a disk stands on, by its path; files outside the cache are not the cache's to check.
   *
   * @throws GoqemuError `image-damaged`
   */
  async checkFile(path: string, signal?: AbortSignal): Promise<void> {
    if (dirname(path) !== this.folder) return;
    const image = await this.#read(manifestName(basename(path)));
    if (image) await this.check(image, signal);
  }

  async remove(image: ImageManifest): Promise<void> {
    // The manifest goes first: what is left after a crash is a file that does not count.
    await removeFile(join(this.folder, manifestName(image.file)));
    if (!(await removeUnlessHeld(this.path(image), this.#files)))
      await writeOwnFile(join(this.folder, removedName(image.file)), ''); // a machine runs on it
  }

  /** A file that a machine runs on stays where the host insists, if it has the same content. */
  async #place(from: string, to: string, digest: string): Promise<void> {
    if (await replaceUnlessHeld(from, to, this.#files)) return;
    if ((await fileDigest(to)) === digest) return await removeFile(from);
    await chmod(to, 0o644); // Windows replaces nothing that is read-only
    await replaceFile(from, to, this.#files);
  }

  /** Images that were removed while a machine ran on them. */
  async #removeFreed(): Promise<void> {
    const names = await folderNames(this.folder);
    for (const name of names) {
      const file = /^\.(.+)\.removed$/.exec(name)?.[1];
      if (file === undefined) continue;
      const isBack = names.includes(manifestName(file));
      if (isBack || (await removeUnlessHeld(join(this.folder, file), this.#files)))
        await removeFile(join(this.folder, name));
    }
  }

  /** SHA-256 of the image's file, as its manifest writes it. */
  async digest(image: ImageManifest, signal?: AbortSignal): Promise<string> {
    return fileDigest(this.path(image), signal);
  }

  /** Held while the image called `name` is fetched, built or imported. */
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

  /** Removes what killed processes left: drafts of manifests, and folders of abandoned builds. */
  async removeAbandoned(): Promise<void> {
    await removeAbandonedDrafts(this.folder);
    await this.#removeFreed();
    const builds = (await folderNames(this.folder)).flatMap(
      (name) => /^\.work-(.+)-[0-9a-f]{8}$/.exec(name)?.[1] ?? [],
    );
    for (const build of new Set(builds)) {
      await using lock = await acquireFileLock(join(this.folder, `.${build}.lock`), {
        command: 'clear away what an interrupted build left',
        waitMs: 0,
      }).catch((error: unknown) => {
        if (hasErrorCode(error, 'locked')) return undefined; // it is still running
        throw error;
      });
      if (!lock) continue;
      try {
        await using _cleared = await openWorkFolder(this.folder, build, this.#logger);
      } catch (error) {
        if (!isGoqemuError(error)) throw error;
        this.#logger.log('warn', 'image', error.message, { hint: error.hint }); // the next build there reports it as an error
      }
    }
  }

  async #checked(
    image: ImageManifest,
    signal?: AbortSignal,
  ): Promise<{ readonly image: ImageManifest } | { readonly why: string }> {
    const path = this.path(image);
    const found = await statIfThere(path);
    if (!found) return { why: 'is gone' };
    if (found.size !== image.size) return { why: `is ${found.size} bytes long instead of ${image.size}` };
    const now = appearance(found);
    if (isDeepStrictEqual(now, image.verified)) return { image };
    this.#logger.log('info', 'image', `reading ${path}: it does not look as it did when it was verified`);
    if ((await fileDigest(path, signal)) !== image.digest) return { why: 'has changed since it was verified' };
    const verified = { ...image, verified: now };
    await this.#write(verified).catch((error: unknown) => {
      // A cache that cannot be written to is of use all the same: its files are read each time.
      this.#logger.log('warn', 'image', `${path} has been verified, which cannot be recorded`, {
        error: errorMessage(error),
      });
    });
    return { image: verified };
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
    await writeOwnFile(join(this.folder, manifestName(manifest.file)), `${JSON.stringify(manifest, undefined, 2)}\n`);
  }
}

/** What changes when a file is written to or replaced. */
function appearance({ size, mtimeMs, ctimeMs, ino }: Stats): ImageManifest['verified'] {
  return { size, modifiedMs: mtimeMs, changedMs: ctimeMs, inode: ino };
}

const manifestName = (file: string) => `${file}.json`;
const removedName = (file: string) => `.${file}.removed`;
