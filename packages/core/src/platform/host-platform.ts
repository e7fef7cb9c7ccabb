import { join } from 'node:path';

/** Operating systems of hosts, by Node's names. */
export type HostSystem = 'linux' | 'darwin' | 'win32';

/** What differs between hosts, as a value: injected, so that all three systems are tested on one. */
export interface HostPlatform {
  readonly system: HostSystem;
  /** Node's name of the processor: `x64`, `arm64`, … */
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
  readonly temporaryFolder: string;
  /** Undefined on Windows. */
  readonly uid: number | undefined;
  /** On Windows, folders that go by another path, since QEMU cannot open them by their own. */
  readonly moved?: readonly MovedFolder[];
}

/** A folder that goes by another path. */
export interface MovedFolder {
  /** goqemu's own folder, that of keys and logs of running machines, or the one for temporary files. */
  readonly what: 'home' | 'run' | 'temporary';
  readonly from: string;
  readonly to: string;
  /** The short name (8.3) of the same folder; another folder; or `none` where neither is to be had, and `to` is `from`. */
  readonly how: 'short-name' | 'other-folder' | 'none';
}

/** goqemu's own folder: `GOQEMU_HOME`, else `~/qemu`. */
export function goqemuHome(platform: Pick<HostPlatform, 'env' | 'homeFolder'>): string {
  return platform.env.GOQEMU_HOME || join(platform.homeFolder, 'qemu');
}
