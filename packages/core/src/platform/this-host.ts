import { arch, homedir, tmpdir } from 'node:os';
import { withAsciiFolders } from './ascii-folders.ts';
import type { HostPlatform } from './host-platform.ts';
import { windowsFolderWays } from './windows-folders.ts';

/** The platform that this process runs on; other Unixes are treated as Linux. */
export function hostPlatform(): HostPlatform {
  const platform: HostPlatform = {
    system: process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux',
    arch: arch(),
    env: process.env,
    homeFolder: homedir(),
    temporaryFolder: tmpdir(),
    uid: process.getuid?.(),
  };
  return platform.system === 'win32' ? onWindows(platform) : platform;
}

let known: { readonly folders: string; readonly platform: HostPlatform } | undefined;

/** Windows is asked once, as long as the folders stay the same. */
function onWindows(platform: HostPlatform): HostPlatform {
  const { env, homeFolder, temporaryFolder } = platform;
  const folders = JSON.stringify([env.GOQEMU_HOME, env.LOCALAPPDATA, homeFolder, temporaryFolder]);
  if (known?.folders !== folders)
    known = { folders, platform: withAsciiFolders(platform, windowsFolderWays(platform.env)) };
  return known.platform.moved ? known.platform : platform;
}
