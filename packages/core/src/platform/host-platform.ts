import { arch, homedir, tmpdir } from 'node:os';
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
}

/** The platform that this process runs on; other Unixes are treated as Linux. */
export function hostPlatform(): HostPlatform {
  return {
    system: process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux',
    arch: arch(),
    env: process.env,
    homeFolder: homedir(),
    temporaryFolder: tmpdir(),
    uid: process.getuid?.(),
  };
}

/** goqemu's own folder: `GOQEMU_HOME`, else `~/qemu`. */
export function goqemuHome(platform: HostPlatform): string {
  return platform.env.GOQEMU_HOME || join(platform.homeFolder, 'qemu');
}
