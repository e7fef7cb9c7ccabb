/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
export type { QemuArchitecture } from '@goqemu/spec';
export type { GuestArch, GuestProfile, GuestSystem } from './catalogue/catalogue-entry.ts';
export type { ImageFormat } from './format/inspect-image.ts';
export type { CachedImage } from './store/image-results.ts';
