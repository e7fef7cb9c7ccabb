import { win32 } from 'node:path';
import { goqemuHome, type HostPlatform, type MovedFolder } from './host-platform.ts';

/** What Windows is asked; injected in tests. */
export interface FolderWays {
  readonly exists: (path: string) => boolean;
  /** The short names of folders that are there, in their order; where one has none, its own. */
  readonly shortNames: (folders: readonly string[]) => readonly string[];
  /** Makes a folder that no other user may enter, with some in it, or finds it so; false where it is another user's. */
  readonly claim: (folder: string, below: readonly string[]) => boolean;
}

interface Wanted extends Pick<MovedFolder, 'what' | 'from'> {
  /** What there is of it, and what is to be made below that. */
  readonly there: string;
  readonly rest: string;
}

const isAscii = (path: string) => /^[ -~]*$/.test(path);

/**
 * The same host with folders that QEMU can open; of any but Windows it is the one given. QEMU's builds for Windows open a file
 * by the bytes of its path, which are UTF-8 in what goqemu tells it, and Windows reads them in the code page of the user: a
 * path with any character that is not of ASCII is not found.
 */
export function withAsciiFolders(platform: HostPlatform, ways: FolderWays): HostPlatform {
  if (platform.system !== 'win32') return platform;
  const wanted = wantedFolders(platform, ways.exists);
  if (wanted.length === 0) return platform;
  const { homeFolder } = platform;
  const asked = [...new Set([homeFolder, ...wanted.map(({ there }) => there)])];
  const answers = ways.shortNames(asked);
  const short = new Map(asked.map((path, index) => [path, answers[index] ?? path]));
  const moved = elsewhere(
    platform,
    wanted.map((one) => shortened(one, short)),
    ways.claim,
  );
  const path = Object.fromEntries(moved.map(({ what, to }) => [what, to]));
  const shortHome = short.get(homeFolder);
  return {
    ...platform,
    env: {
      ...platform.env,
      ...(path.home ? { GOQEMU_HOME: path.home } : {}),
      ...(path.run ? { LOCALAPPDATA: path.run } : {}),
    },
    homeFolder: shortHome && isAscii(shortHome) ? shortHome : homeFolder,
    temporaryFolder: path.temporary ?? platform.temporaryFolder,
    moved,
  };
}

/** Those of the three that QEMU cannot open as they are. */
function wantedFolders(platform: HostPlatform, exists: FolderWays['exists']): readonly Wanted[] {
  const { env, temporaryFolder } = platform;
  const folders = [
    { what: 'home', from: win32.normalize(goqemuHome(platform)) },
    { what: 'run', from: env.LOCALAPPDATA ?? '' },
    { what: 'temporary', from: temporaryFolder },
  ] as const;
  return folders
    .filter(({ from }) => !isAscii(from))
    .map((one) => {
      let there: string = one.from;
      while (!exists(there) && win32.dirname(there) !== there) there = win32.dirname(there);
      return { ...one, there, rest: win32.relative(there, one.from) };
    });
}

function shortened({ what, from, there, rest }: Wanted, short: ReadonlyMap<string, string>): MovedFolder {
  const to = win32.join(short.get(there) ?? there, rest);
  return isAscii(to) ? { what, from, to, how: 'short-name' } : { what, from, to: from, how: 'none' };
}

/**
 * Folders without a short name are in one of this user's directly below `%ProgramData%`. Anyone may make one there: that it is
 * this user's is looked at before it is used.
 */
function elsewhere(
  { env }: HostPlatform,
  folders: readonly MovedFolder[],
  claim: FolderWays['claim'],
): readonly MovedFolder[] {
  const left = folders.filter(({ how }) => how === 'none').map(({ what }) => what);
  const user = encodeURIComponent([env.USERDOMAIN, env.USERNAME].filter(Boolean).join('-')).replaceAll('%', '-');
  const other = win32.join(env.ProgramData ?? 'C:\\ProgramData', `goqemu-${user}`);
  const names = { home: 'qemu', run: 'run', temporary: 'tmp' } as const;
  if (left.length === 0 || !isAscii(other)) return folders;
  if (
    !claim(
      other,
      left.map((what) => names[what]),
    )
  )
    return folders;
  return folders.map((folder) => {
    if (folder.how !== 'none') return folder;
    return { ...folder, to: win32.join(other, names[folder.what]), how: 'other-folder' };
  });
}
