import type { Architecture } from '@goqemu/spec';
import type { BackendCall } from './call.ts';

/** What an image's name stands for today. */
export interface ResolvedImage {
  /** As the lab wrote it: a catalogue name, a URL, or an absolute path. */
  readonly reference: string;
  /**
   * By content, or by recipe and package versions for one that is built here; enters layer keys. Of an image that is
   * not present it may be provisional: `ensureImage` tells the real one.
   */
  readonly key: string;
  /** What lab.lock.json pins instead of the key: for an image that is built here, the recipe that colleagues share. */
  readonly pin?: string;
  /** Human-readable: `Debian 12, cached`, `Debian 12, to be built here: publisher not reachable`. */
  readonly description: string;
  /** False when applying has to download or build first. */
  readonly present: boolean;
  /** The image's ordinary user. */
  readonly user: string;
  /** Bytes that a guest sees of it, as far as that is known: a smaller disk would lose the end of it. */
  readonly virtualSize?: number;
  /** What stands in the way of using it, or is better known before: a file that changed, too little room for a copy. */
  readonly notices?: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
}

/** A backend's role: what machines are made from. */
export interface ImageRole {
  /** Read-only, and never blocked by another apply. */
  resolveImage(reference: string, arch: Architecture, call: BackendCall): Promise<ResolvedImage>;
  /** Downloads or builds what is not present. */
  ensureImage(image: ResolvedImage, arch: Architecture, call: BackendCall): Promise<ResolvedImage>;
}
