import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson, removeUnlessHeld, writeOwnFile } from '@goqemu/core';
import type { BundledLab } from './bundle-lab.ts';
import { localInstall, ownCopy } from './sdk-location.ts';

/** Raised when what a bundle looks like changes. */
const format = 2;

/** What a bundle was made from: as long as all of it is the same, so is the bundle. */
interface Manifest {
  readonly format: number;
  readonly surroundings: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly bundle: string;
}

/**
 * Bundled labs by the content of their files. Finding one reads the lab's files and one manifest, and loads
 * neither a compiler nor a hook.
 */
export class LabCache {
  readonly #folder: string;
  readonly #lab: string;

  constructor(cacheFolder: string, lab: string) {
    this.#lab = lab;
    this.#folder = join(cacheFolder, 'labs', digest(lab).slice(0, 24));
  }

  /** The path of the bundle, or undefined when there is none of this content. */
  find(): { readonly bundle: string; readonly inputs: readonly string[] } | undefined {
    const surroundings = this.#surroundings();
    let manifest: Manifest;
    try {
      manifest = JSON.parse(readFileSync(this.#manifestPath(surroundings), 'utf8')) as Manifest;
    } catch {
      return undefined; // none, or damaged: it is rebuilt
    }
    if (manifest?.format !== format || manifest.surroundings !== surroundings) return undefined;
    for (const { path, sha256 } of manifest.files) if (contentDigest(path) !== sha256) return undefined;
    const bundle = join(this.#folder, manifest.bundle);
    // It is run: one that was cut short would fail in the name of the lab.
    if (manifest.bundle !== bundleName(contentDigest(bundle) ?? '')) return undefined;
    return { bundle, inputs: manifest.files.map((file) => file.path) };
  }

  async store(bundled: BundledLab): Promise<string> {
    const files = bundled.inputs.map((path) => ({ path, sha256: contentDigest(path) ?? '' }));
    const surroundings = this.#surroundings();
    const manifest: Manifest = {
      format,
      surroundings,
      files,
      bundle: bundleName(digest(bundled.code)),
    };
    const bundle = join(this.#folder, manifest.bundle);
    await writeOwnFile(bundle, bundled.code, { mode: 0o600 });
    await writeOwnFile(this.#manifestPath(surroundings), canonicalJson(manifest), { mode: 0o600 });
    await this.#forgetOld();
    return bundle;
  }

  /** One for each Node.js and each goqemu that loads the lab: taking turns, they leave one another's bundle alone. */
  #manifestPath(surroundings: string): string {
    return join(this.#folder, `manifest-${surroundings.slice(0, 12)}.json`);
  }

  /** What decides about a bundle besides the lab's own files. */
  #surroundings(): string {
    const folder = dirname(this.#lab);
    const settings = nearest(folder, 'tsconfig.json');
    return digest(
      canonicalJson([
        process.version,
        ownCopy('goqemu') ?? '',
        localInstall(folder) ?? '',
        settings ? [settings, contentDigest(settings) ?? ''] : [],
      ]),
    );
  }

  /** Another command may be about to import an older bundle: only those of yesterday go, and are made again when missed. */
  async #forgetOld(): Promise<void> {
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found && Date.now() - found.mtimeMs > 24 * 3600_000) await removeUnlessHeld(path);
    }
  }
}

function nearest(folder: string, name: string): string | undefined {
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, name))) return join(here, name);
    if (dirname(here) === here) return undefined;
  }
}

function contentDigest(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}

function bundleName(sha256: string): string {
  return `${sha256.slice(0, 24)}.mjs`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
