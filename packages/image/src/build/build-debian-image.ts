import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, type HostPlatform, type Logger, removeFile, removeTree, shellQuote } from '@goqemu/core';
import { type AptMirror, readAptMirror } from './apt-mirror.ts';
import { makeBootDisk } from './boot-disk.ts';
import { bootstrapDebian, inRoot } from './bootstrap-debian.ts';
import { checkBuildTools } from './build-tools.ts';
import { builtImageKey, type DebianRecipe } from './debian-recipe.ts';
import { writeOverlay } from './overlay-files.ts';
import type { ToolRun } from './run-tool.ts';

/** What a build is doing; each stage is reported once, when it begins. */
export type BuildStage = 'check-tools' | 'bootstrap' | 'make-disk';

export interface BuildImageOptions {
  readonly recipe: DebianRecipe;
  /** An empty folder of the caller's, on the file system of the image cache; the result is left in it. */
  readonly workFolder: string;
  readonly platform: HostPlatform;
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
  readonly onStage?: (stage: BuildStage, message: string) => void;
}

export interface BuiltImage {
  readonly path: string;
  /** SHA-256 over the recipe and the versions of the packages, in hex. */
  readonly key: string;
}

/**
 * Builds a Debian image from the mirror that the host's apt uses, with mmdebstrap, for this host's processor.
 *
 * @throws GoqemuError `build-unsupported`, `build-tool-missing`, `debian-mirror-missing`, `tool-failed`
 */
export async function buildDebianImage(options: BuildImageOptions): Promise<BuiltImage> {
  const { recipe, platform, workFolder } = options;
  const run: ToolRun = { signal: options.signal, logger: options.logger };
  options.onStage?.('check-tools', 'checking the build tools');
  checkHost(platform);
  await checkBuildTools(platform.uid);
  const mirror = await readAptMirror(recipe, run);

  const rootUuid = randomUUID();
  const tar = join(workFolder, 'root.tar');
  const packageList = join(workFolder, 'packages');
  options.onStage?.('bootstrap', `installing ${recipe.packages.length} packages and what they need`);
  await writeOverlay(join(workFolder, 'early'), withRoot(recipe.earlyFiles, rootUuid));
  await writeOverlay(join(workFolder, 'late'), withRoot({ ...recipe.files, ...aptFiles(mirror) }, rootUuid));
  await bootstrapDebian({
    suite: recipe.suite,
    variant: 'minbase',
    packages: recipe.packages,
    mirror,
    hooks: [
      ['essential', `sync-in ${shellQuote(join(workFolder, 'early'))} /`],
      ['customize', `sync-in ${shellQuote(join(workFolder, 'late'))} /`],
      ['customize', inRoot('dpkg-query -W > /var/tmp/packages')],
      ['customize', `download /var/tmp/packages ${shellQuote(packageList)}`],
      ['customize', inRoot([...recipe.finish, 'rm /var/tmp/packages'].join('\n'))],
    ],
    tar,
    workFolder,
    ...run,
  });

  options.onStage?.('make-disk', 'writing the bootable disk');
  const path = join(workFolder, `${recipe.name}.qcow2`);
  const diskFolder = join(workFolder, 'disk');
  await mkdir(diskFolder);
  await makeBootDisk(
    { rootTar: tar, rootUuid, sizeBytes: recipe.diskBytes, workFolder: diskFolder, output: path },
    run,
  );
  await removeFile(tar);
  await removeTree(diskFolder);
  const versions = (await readFile(packageList, 'utf8')).trim().split('\n');
  return { path, key: builtImageKey(recipe, versions) };
}

/** The recipe is for guests that boot through a BIOS, and mmdebstrap for guests of the host's own processor. */
export const canBuildOn = (platform: HostPlatform) => platform.system === 'linux' && platform.arch === 'x64';

function checkHost(platform: HostPlatform): void {
  if (canBuildOn(platform)) return;
  throw new GoqemuError({
    code: 'build-unsupported',
    source: 'environment',
    message: `images are built on Linux hosts with an x86-64 processor only, this is ${platform.system} on ${platform.arch}`,
    hint: 'let goqemu download the image, or give it as a local file',
  });
}

function aptFiles(mirror: AptMirror): Record<string, string> {
  return {
    '/etc/apt/sources.list': `${mirror.sources.join('\n')}\n`,
    ...(mirror.validity.length > 0 ? { '/etc/apt/apt.conf.d/90goqemu-mirror': `${mirror.validity.join('\n')}\n` } : {}),
  };
}

function withRoot(files: Readonly<Record<string, string>>, rootUuid: string): Record<string, string> {
  const entries = Object.entries(files);
  return Object.fromEntries(entries.map(([path, content]) => [path, content.replaceAll('@ROOT_UUID@', rootUuid)]));
}
