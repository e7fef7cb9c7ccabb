import type { ReplyError } from '../channel/reply.ts';
import { versionTable } from '../generated/qmp-versions.ts';
import { formatQemuVersion, isAtLeast, type QemuVersion } from './version.ts';

/** Which QEMU brought a command or an event; undefined for a name that goqemu's types do not know. */
export function qmpSince(name: string): string | undefined {
  return Object.hasOwn(versionTable.since, name) ? versionTable.since[name] : undefined;
}

/** Says why a command that goqemu knows is not there. */
export function versionHint(command: string, error: ReplyError, version: QemuVersion | undefined): string | undefined {
  const since = qmpSince(command);
  if (error.class !== 'CommandNotFound' || !since || !version) return undefined;
  const running = `this is QEMU ${formatQemuVersion(version)}`;
  return isAtLeast(version, since)
    ? `${command} came with QEMU ${since} and ${running}: it was removed since, belongs to another target or program, or was left out of this build`
    : `${command} is newer than the QEMU it was sent to: it came with QEMU ${since}, and ${running}`;
}
