export { type AptMirror, readAptMirror } from './build/apt-mirror.ts';
export { type BootDiskOptions, makeBootDisk } from './build/boot-disk.ts';
export { type BootstrapOptions, bootstrapDebian, inRoot } from './build/bootstrap-debian.ts';
export { type BuildStage, buildDebianImage } from './build/build-debian-image.ts';
export { type BuildTool, buildPackages, buildTools, checkBuildTools } from './build/build-tools.ts';
export { builtImageKey, type DebianRecipe, debian12Recipe, recipeDigest } from './build/debian-recipe.ts';
export { writeOverlay } from './build/overlay-files.ts';
export { runTool, type ToolRun } from './build/run-tool.ts';
export { openWorkFolder } from './build/work-folder.ts';
export type { ImageManifest } from './cache/image-manifest.ts';
export { builtInCatalogue, defaultImage } from './catalogue/catalogue.ts';
export type {
  CatalogueEntry,
  GuestArch,
  GuestProfile,
  GuestSystem,
  PublishedImage,
} from './catalogue/catalogue-entry.ts';
export { guestProfile, recogniseGuest } from './catalogue/guest-profile.ts';
export { type ImageReference, parseImageReference } from './catalogue/image-reference.ts';
export type { CloudConfigOptions, SeededHostKeys } from './cloud-init/cloud-config.ts';
export { type CloudInitSeedOptions, cloudInitSeed } from './cloud-init/cloud-init-seed.ts';
export { type IsoFile, type IsoImage, isoImage } from './cloud-init/iso9660-writer.ts';
export type { ChecksumAlgorithm } from './download/checksum-file.ts';
export type { DownloadProgress } from './download/download-file.ts';
export type { ReachabilityProbe } from './download/publisher-reachable.ts';
export type { ImageFormat } from './format/inspect-image.ts';
export type {
  CachedImage,
  FetchOptions,
  ImageProgress,
  ResolvedImage,
  VerifiedImage,
} from './store/image-results.ts';
export { ImageStore, type ImageStoreOptions } from './store/image-store.ts';
