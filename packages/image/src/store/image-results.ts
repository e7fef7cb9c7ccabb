import type { BuildStage } from '../build/build-debian-image.ts';
import type { GuestArch, GuestProfile } from '../catalogue/catalogue-entry.ts';
import type { DownloadProgress } from '../download/download-file.ts';
import type { ImageFormat } from '../format/inspect-image.ts';

/** What an image would take, found out without changing anything but the memory of unreachable publishers. */
export interface ResolvedImage extends GuestProfile {
  readonly reference: string;
  readonly name: string;
  readonly arch: GuestArch;
  readonly cached: boolean;
  /** What `ensure` would do. */
  readonly how: 'cached' | 'download' | 'build' | 'import';
  /** Why it would be, or was, built. */
  readonly why?: string;
  /** What is wrong with the file in the cache, in a sentence: it would be fetched again. */
  readonly damage?: string;
  /** Where it comes from: a URL, a path, or a recipe with its version. */
  readonly source: string;
  /** Only of a cached image. */
  readonly path?: string;
  readonly digest?: string;
  /** Stands for the image in keys of layers: the content's digest or, of a built image, the recipe's key. */
  readonly key?: string;
  /** Bytes that a guest sees; known of a cached image and of a local file. */
  readonly virtualSize?: number;
  /** Of a local file that would be copied: what the copy takes, and what is free for it. */
  readonly room?: { readonly needed: number; readonly free: number };
}

/** An image that machines can be laid over. Never write to its file. */
export interface CachedImage extends GuestProfile {
  readonly reference: string;
  readonly name: string;
  readonly arch: GuestArch;
  readonly path: string;
  readonly format: ImageFormat;
  /** Bytes that a guest sees. */
  readonly virtualSize: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly digest: string;
  readonly key: string;
  /** What was done this time. */
  readonly how: 'cached' | 'downloaded' | 'built' | 'imported';
  /** How it came into the cache. */
  readonly origin: 'downloaded' | 'built' | 'imported';
  /** Why it was built. */
  readonly why?: string;
  readonly source: string;
  readonly fetchedAt: string;
  readonly lastUsedAt: string;
}

/** Progress of what takes time. */
export type ImageProgress =
  | DownloadProgress
  | { readonly kind: 'copy'; readonly bytes: number; readonly total: number }
  | { readonly kind: 'wait' | 'damaged'; readonly message: string }
  | {
      readonly kind: 'choose';
      readonly how: 'download' | 'build' | 'import';
      readonly source: string;
      readonly why?: string;
    }
  | { readonly kind: 'build'; readonly stage: BuildStage; readonly message: string };

export interface FetchOptions {
  /** `x86_64` unless said otherwise. */
  readonly arch?: GuestArch;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImageProgress) => void;
}

export interface VerifiedImage {
  readonly name: string;
  readonly file: string;
  readonly ok: boolean;
  readonly expected: string;
  /** Undefined when the file is gone. */
  readonly found?: string;
}
