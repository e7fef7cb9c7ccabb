import { dirname } from 'node:path';
import { goqemuFolders, type HostPlatform } from '@goqemu/core';
import type { LabDefinition } from '@goqemu/lab';
import { importLab } from './import-lab.ts';
import { LabCache } from './lab-cache.ts';
import { findLabFile } from './lab-file.ts';

export interface LoadLabOptions {
  readonly platform: HostPlatform;
  /** Relative lab paths start here. */
  readonly workingFolder: string;
  /** A file or folder; when undefined, `lab.ts` of the working folder or the nearest above. */
  readonly lab?: string | undefined;
}

export interface LoadedLab {
  readonly definition: LabDefinition;
  /** Absolute. */
  readonly file: string;
  readonly folder: string;
  /** The lab and the files that it imports by relative paths. */
  readonly inputs: readonly string[];
  /** False when the lab had to be bundled first. */
  readonly cached: boolean;
}

/**
 * Loads a lab: TypeScript or JavaScript, module or CommonJS, with or without a `goqemu` of its own. Evaluates the
 * file each time it is called; what it describes is evaluated by the engine.
 *
 * @throws GoqemuError `lab-missing`, `lab-extension`, `lab-syntax`, `lab-import`, `lab-threw`, `lab-export`
 */
export async function loadLab(options: LoadLabOptions): Promise<LoadedLab> {
  const file = findLabFile(options.lab, options);
  const cache = new LabCache(goqemuFolders(options.platform).cache, file);
  const found = cache.find();
  if (found)
    return {
      definition: await importLab(found.bundle, file, found.inputs),
      file,
      folder: dirname(file),
      inputs: found.inputs,
      cached: true,
    };
  const { bundleLab } = await import('./bundle-lab.ts');
  const bundled = await bundleLab(file);
  const bundle = await cache.store(bundled);
  return {
    definition: await importLab(bundle, file, bundled.inputs),
    file,
    folder: dirname(file),
    inputs: bundled.inputs,
    cached: false,
  };
}
