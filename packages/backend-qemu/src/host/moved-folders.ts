import type { HostPlatform, MovedFolder } from '@goqemu/core';
import type { DoctorFact, Preflight } from '@goqemu/lab';

const names: Readonly<Record<MovedFolder['what'], string>> = {
  home: "goqemu's folder",
  run: 'the folder for keys and logs of running machines',
  temporary: 'the folder for temporary files',
};
const reason = 'QEMU for Windows opens no path with characters outside of ASCII';
const unset = 'set GOQEMU_HOME to a folder with a path of ASCII alone, such as C:\\qemu';
const hints: Readonly<Record<MovedFolder['what'], string>> = {
  home: unset,
  run: 'set LOCALAPPDATA to a folder of your own with such a path, for goqemu alone',
  temporary: 'set TEMP to a folder of your own with such a path, for goqemu alone',
};

/** Folders of this host that go by another path than the user knows, or that QEMU cannot open. */
export function movedFolders({ moved = [] }: HostPlatform): readonly Preflight[] {
  return moved.map((folder): Preflight => {
    const message = describe(folder);
    return folder.how === 'none'
      ? { severity: 'error', code: 'path-not-ascii', message, hint: hints[folder.what] }
      : { severity: 'notice', code: 'folder-moved', message };
  });
}

/** The same for the doctor. */
export function pathFact({ moved = [] }: HostPlatform): DoctorFact {
  const name = 'path characters';
  if (moved.length === 0) return { name, status: 'ok', finding: 'QEMU can open all of goqemu’s folders' };
  const worst = moved.find(({ how }) => how === 'none') ?? moved.find(({ how }) => how === 'other-folder');
  return {
    name,
    status: worst === undefined ? 'ok' : worst.how === 'none' ? 'error' : 'warning',
    finding: moved.map(describe).join('; '),
    ...(worst ? { hint: hints[worst.what] } : {}),
  };
}

function describe({ what, from, to, how }: MovedFolder): string {
  if (how === 'short-name') return `${names[what]}, ${from}, goes by its short name ${to}: ${reason}`;
  if (how === 'other-folder') return `${names[what]} is ${to} instead of ${from}, which has no short name: ${reason}`;
  return `${names[what]} is ${from}, which has no short name, and no other place was to be had: ${reason}`;
}
