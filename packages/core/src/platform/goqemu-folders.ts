import { join } from 'node:path';
import { goqemuHome, type HostPlatform } from './host-platform.ts';

/** Where things lie under goqemu's own folder; see docs/architecture.md, “Where things lie”. */
export interface GoqemuFolders {
  readonly home: string;
  readonly images: string;
  readonly snapshots: string;
  readonly keys: string;
  readonly labs: string;
  readonly cache: string;
}

export function goqemuFolders(platform: HostPlatform): GoqemuFolders {
  const home = goqemuHome(platform);
  return {
    home,
    images: join(home, 'img'),
    snapshots: join(home, 'snapshots'),
    keys: join(home, 'keys'),
    labs: join(home, 'labs'),
    cache: join(home, 'cache'),
  };
}
