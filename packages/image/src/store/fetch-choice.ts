import { type GoqemuFolders, type HostPlatform, hasErrorCode } from '@goqemu/core';
import { readAptMirror } from '../build/apt-mirror.ts';
import { buildDebianImage, canBuildOn } from '../build/build-debian-image.ts';
import { type DebianRecipe, recipeName } from '../build/debian-recipe.ts';
import { httpProbe, type ReachabilityProbe, rememberingProbe } from '../download/publisher-reachable.ts';
import type { WantedImage } from './wanted-image.ts';

/** How an image is to be had. */
export type FetchChoice =
  | { readonly how: 'download'; readonly source: string; readonly why?: undefined }
  | { readonly how: 'build'; readonly source: string; readonly why: string }
  | { readonly how: 'import'; readonly source: string; readonly why?: undefined };

export interface FetchChoiceOptions {
  readonly folders: Pick<GoqemuFolders, 'images'>;
  readonly platform: HostPlatform;
  /** Asks over the network unless injected. */
  readonly probe: ReachabilityProbe | undefined;
  readonly builder: typeof buildDebianImage | undefined;
  /** Asks even a publisher that could not be reached a moment ago. */
  readonly askAgain?: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Chooses between the publisher and a build on this host. */
export async function chooseFetch(wanted: WantedImage, options: FetchChoiceOptions): Promise<FetchChoice> {
  if (!wanted.published) return { how: 'import', source: wanted.asked };
  const { platform, folders, signal } = options;
  const download = { how: 'download', source: wanted.published.url } as const;
  if (!wanted.recipe || !canBuildOn(platform)) return download;
  const probe = options.probe ?? httpProbe(platform.env);
  const ask = options.askAgain ? probe : rememberingProbe(probe, folders.images);
  const why = await ask(wanted.published.url, signal);
  if (why === undefined || !(await hasMirror(wanted.recipe, options))) return download;
  return { how: 'build', source: recipeName(wanted.recipe), why };
}

/** Whether the tools are there too, the build says by name. */
async function hasMirror(recipe: DebianRecipe, { builder, signal }: FetchChoiceOptions): Promise<boolean> {
  if (builder && builder !== buildDebianImage) return true;
  try {
    await readAptMirror(recipe, { signal });
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'debian-mirror-missing')) return false;
    throw error;
  }
}
