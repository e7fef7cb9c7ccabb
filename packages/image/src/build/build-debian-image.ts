import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GoqemuError, type HostPlatform, type Logger } from '@goqemu/core';
import { type AptMirror, readAptMirror } from './apt-mirror.ts';
import { makeBootDisk } from './boot-disk.ts';
import { checkBuildTools } from './build-tools.ts';
import { builtImageKey, type DebianRecipe } from './debian-recipe.ts';
import { recordBuilder } from './leftover-build.ts';
import { runTool, type ToolRun } from './run-tool.ts';

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

const bootstrapTimeoutMs = 30 * 60_000;

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
  const mirror = await readAptMirror(recipe.suite, run);

  const rootUuid = randomUUID();
  const tar = join(workFolder, 'root.tar');
  const packageList = join(workFolder, 'packages');
  options.onStage?.('bootstrap', `installing ${recipe.packages.length} packages and what they need`);
  await writeOverlay(join(workFolder, 'early'), recipe.earlyFiles, rootUuid);
  await writeOverlay(join(workFolder, 'late'), { ...recipe.files, ...aptFiles(mirror) }, rootUuid);
  await bootstrap(options, mirror, { tar, packageList }, run);

  options.onStage?.('make-disk', 'writing the bootable disk');
  const path = join(workFolder, `${recipe.name}.qcow2`);
  const diskFolder = join(workFolder, 'disk');
  await mkdir(diskFolder);
  await makeBootDisk(
    { root: { tar }, rootUuid, sizeBytes: recipe.diskBytes, workFolder: diskFolder, output: path },
    run,
  );
  await rm(tar);
  await rm(diskFolder, { recursive: true });
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

async function writeOverlay(folder: string, files: Readonly<Record<string, string>>, rootUuid: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, content.replaceAll('@ROOT_UUID@', rootUuid));
    await chmod(target, content.startsWith('#!') ? 0o755 : 0o644);
  }
}

async function bootstrap(
  options: BuildImageOptions,
  mirror: AptMirror,
  output: { readonly tar: string; readonly packageList: string },
  run: ToolRun,
): Promise<void> {
  const { recipe, workFolder } = options;
  const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
  const hook = (name: string, command: string) => `--${name}-hook=${command}`;
  const inRoot = (script: string) => `chroot "$1" sh -ec ${quoted(script)}`;
  const args = [
    '--mode=auto',
    '--variant=minbase',
    '--format=tar',
    '--architectures=amd64',
    `--include=${recipe.packages.join(',')}`,
    ...[...mirror.validity, ...mirror.proxies].map((option) => `--aptopt=${option.replace(/;$/, '')}`),
    '--aptopt=APT::Install-Recommends "false"',
    hook('essential', `sync-in ${quoted(join(workFolder, 'early'))} /`),
    hook('customize', `sync-in ${quoted(join(workFolder, 'late'))} /`),
    hook('customize', inRoot('dpkg-query -W > /var/tmp/packages')),
    hook('customize', `download /var/tmp/packages ${quoted(output.packageList)}`),
    hook('customize', inRoot([...recipe.finish, 'rm /var/tmp/packages'].join('\n'))),
    recipe.suite,
    output.tar,
    '-',
  ];
  const [command = '', ...rest] = [...privateMounts(options.platform), 'mmdebstrap', ...args];
  await runTool(command, rest, {
    ...run,
    input: `${mirror.sources.join('\n')}\n`,
    timeoutMs: bootstrapTimeoutMs,
    // Without root the new root belongs to subordinate users, who cannot reach into a closed home folder.
    env: { TMPDIR: options.platform.uid === 0 ? workFolder : '/var/tmp' },
    onStart: (pid) => recordBuilder(workFolder, pid),
    onLine: (line) => options.logger?.log('debug', 'image', line),
  });
}

/**
 * As root, mmdebstrap mounts /proc, /sys and /dev of the host into the new root. In name spaces of their own these
 * mounts end with the process, whatever ends it, and nobody who clears the folder away can reach the host through them.
 */
function privateMounts(platform: HostPlatform): string[] {
  if (platform.uid !== 0) return []; // mmdebstrap does the same by itself then
  return ['unshare', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
}
