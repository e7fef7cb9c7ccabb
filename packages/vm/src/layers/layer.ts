import type { LayerManifest } from './layer-manifest.ts';

/** A layer and where its files are. */
export interface Layer {
  readonly manifest: LayerManifest;
  readonly folder: string;
  /** Why it has no RAM although it was kept. */
  readonly lostRam?: string;
  /** What is wrong with its manifest, which its copy tells all the same. */
  readonly manifestDamage?: string;
}

/** The short id that people type. */
export function layerId(key: string): string {
  return key.slice(0, 12);
}
