import { shellQuote } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { checkOwner } from './owner.ts';

export interface WriteFileOptions {
  /** Permission bits; default 0o644. */
  readonly mode?: number;
  /** `user` or `user:group` of the guest; default: who writes it. Writes as root. */
  readonly owner?: string;
  /** Who writes it; default the session's user, or root when there is an `owner`. */
  readonly user?: string;
  /** In milliseconds; default 10 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Folders on the way are made. In one round trip: the contents are the input of a small script. */
export async function writeGuestFile(
  session: SessionAccess,
  path: string,
  contents: string | Uint8Array,
  options: WriteFileOptions,
): Promise<void> {
  const owner = options.owner === undefined ? undefined : checkOwner(options.owner);
  const user = options.user ?? (owner === undefined ? undefined : 'root');
  const size = typeof contents === 'string' ? Buffer.byteLength(contents) : contents.length;
  // The size is checked, so that a connection cut in the middle never puts half a file in place.
  const script = `set -e
umask 022
to=${shellQuote(path)}
case $to in */*) folder=\${to%/*}/ ;; *) folder=./ ;; esac
mkdir -p -- "$folder"
if [ -d "$to" ]; then echo "$to is a folder" >&2; exit 1; fi
draft=$(mktemp "$folder.goqemu.XXXXXXXXXX")
trap 'rm -f -- "$draft"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$draft"
[ "$(wc -c < "$draft")" -eq ${size} ] || { echo 'the contents arrived incomplete' >&2; exit 1; }
${owner === undefined ? '' : `chown -- ${shellQuote(owner)} "$draft"`}
chmod ${((options.mode ?? 0o644) & 0o7777).toString(8)} -- "$draft"
mv -f -- "$draft" "$to"
trap - EXIT`;
  const what = `writing ${path} in the guest`;
  const result = await session.exec(script, {
    input: contents,
    label: what,
    repeatable: true,
    ...(user === undefined ? {} : { user }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  assertSucceeded(result, what);
}
