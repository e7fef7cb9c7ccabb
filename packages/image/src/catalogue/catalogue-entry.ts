import type { QemuArchitecture } from '@goqemu/spec';
import type { ChecksumAlgorithm } from '../download/checksum-file.ts';

/** QEMU's names of the processors that the catalogue has images for. */
export type GuestArch = QemuArchitecture;

/** The family of a guest's system, as far as goqemu treats them differently. */
export type GuestSystem = 'debian' | 'ubuntu' | 'fedora' | 'rocky' | 'alma' | 'alpine' | 'arch' | 'unknown';

/** What goqemu needs to know of a guest's system in order to log in to it. */
export interface GuestProfile {
  readonly system: GuestSystem;
  /** The account that a seed creates. */
  readonly user: string;
  readonly shell: string;
  /** Whether the QEMU guest agent is in the image, or has to come from the guest's package sources. */
  readonly guestAgent: 'included' | 'installable';
}

/** Where a publisher keeps an image and the checksum that it is verified by. */
export interface PublishedImage {
  readonly url: string;
  readonly checksum: { readonly url: string; readonly algorithm: ChecksumAlgorithm };
}

export interface CatalogueEntry extends GuestProfile {
  /** What a lab writes: `debian-12`. */
  readonly name: string;
  readonly title: string;
  readonly aliases?: readonly string[];
  readonly published: Readonly<Partial<Record<GuestArch, PublishedImage>>>;
}
