import { basename } from 'node:path';
import type { LocalEntry } from '@goqemu/core';
import { shellQuote } from '@goqemu/core';

/** A copy that lies in a private folder of the guest, and where it is to go. */
export interface StagedUpload {
  /** Absolute path of the copy in the guest. */
  readonly staged: string;
  readonly source: string;
  readonly destination: string;
  readonly owner: string;
  readonly entries: readonly LocalEntry[];
}

/**
 * The script with which root puts a staged copy in its place. Folders that are there already keep their owner and mode;
 * files, links and new folders get `owner` and the modes of the copy. POSIX sh, with what busybox has as well.
 */
export function placeStaged(upload: StagedUpload): string {
  const { staged, owner } = upload;
  return `set -e
umask 022
trap 'exit 1' HUP INT TERM
from=${shellQuote(staged)}
chown -hR -- ${shellQuote(owner)} "$from"
${specialModes(upload)}${upload.entries[0]?.kind === 'file' ? placeFile(upload) : placeFolder(upload)}`;
}

/** chown(2) takes the set-user-id and set-group-id bits of files away. */
function specialModes({ staged, entries }: StagedUpload): string {
  return entries
    .flatMap((entry) =>
      entry.kind === 'file' && (entry.mode & 0o6000) !== 0
        ? [`chmod ${entry.mode.toString(8)} -- ${shellQuote(entry.name === '' ? staged : `${staged}/${entry.name}`)}\n`]
        : [],
    )
    .join('');
}

function placeFile({ source, destination }: StagedUpload): string {
  return `to=${shellQuote(destination)}; name=${shellQuote(basename(source))}
case $to in */) to=$to$name ;; *) if [ -d "$to" ]; then to=$to/$name; fi ;; esac
if [ -d "$to" ]; then echo "$to is a folder" >&2; exit 1; fi
case $to in */*) folder=\${to%/*} ;; *) folder=. ;; esac
mkdir -p -- "$folder/"
draft=$(mktemp "$folder/.goqemu.XXXXXXXXXX")
trap 'rm -f -- "$draft"' EXIT
cp -a -- "$from" "$draft"
mv -f -- "$draft" "$to"
trap - EXIT`;
}

/**
 * A folder that is not there yet is moved in as a whole; into one that is there its files and links are moved, some
 * hundreds at a time, beside what they replace first: the temporary folder may be on another file system.
 */
function placeFolder({ destination }: StagedUpload): string {
  const absolute = destination.startsWith('/') ? destination : `./${destination}`;
  return `to=${shellQuote(absolute.replace(/\/+$/, '') || '/.')}
trap 'rm -rf -- "$draft"' EXIT
put() {
if [ $# -lt 3 ]; then return 0; fi
draft=$(mktemp -d "$2/.goqemu.XXXXXXXXXX")
( shift 2; exec mv -- "$@" "$draft/" )
( into=$2; shift 2; for each; do set -- "$@" "$draft/\${each##*/}"; shift; done; exec mv -f -- "$@" "$into/" )
rmdir -- "$draft"
}
place() {
if [ ! -d "$2" ]; then
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 is not a folder" >&2; exit 1; fi
draft=$(mktemp -d "\${2%/*}/.goqemu.XXXXXXXXXX")
mv -- "$1" "$draft/new"
mv -- "$draft/new" "$2"
rmdir -- "$draft"
return 0
fi
for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
if [ -d "$each" ] && [ ! -L "$each" ]; then place "$each" "$2/\${each##*/}"; fi
done
for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
if [ -L "$each" ] || [ -f "$each" ]; then set -- "$@" "$each"; fi
if [ $# -ge 300 ]; then put "$@"; set -- "$1" "$2"; fi
done
put "$@"
}
mkdir -p -- "\${to%/*}/"
draft=
place "$from" "$to"`;
}
