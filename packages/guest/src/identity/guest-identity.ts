import { randomBytes } from 'node:crypto';
import { GoqemuError, refuseNul, shellQuote } from '@goqemu/core';
import { parsePublicKey, type SshKeyPair } from '../keys/key-pair.ts';

/**
 * What makes a machine itself and not another that came from the same layer. What is left out stays as it is.
 */
export interface GuestIdentity {
  /**
   * A host name (RFC 1123). In /etc/hosts it takes the place of the name that /etc/hostname has and of `formerHostname`,
   * at the address 127.0.1.1; all other lines stay.
   */
  readonly hostname?: string;
  /** Of the machine that the guest was before, where something else has set the host name already. */
  readonly formerHostname?: string;
  /** Replaces all host keys of the guest's sshd. */
  readonly sshHostKey?: SshKeyPair;
  /** Replaces the user's authorized keys. */
  readonly authorizedKeys?: { readonly user: string; readonly keys: readonly string[] };
  /** 32 lower-case hexadecimal digits (machine-id(5)). */
  readonly machineId?: string;
  /** The guest's clock, in milliseconds since 1970. Taken when the script is made: run it at once. */
  readonly clock?: number;
  /** Mixed into the guest's random pool, which a restored guest shares with its siblings; `newEntropySeed()`. */
  readonly entropySeed?: string;
}

/** Runs a POSIX sh script in the guest as root: over the guest agent, over SSH, or anything else. The script holds secrets: hand it over on standard input, not as an argument. */
export type GuestRunner = (
  script: string,
) => Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;

/** 64 random bytes in hexadecimal. */
export function newEntropySeed(): string {
  return randomBytes(64).toString('hex');
}

/** A random machine id (machine-id(5)). */
export function newMachineId(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Gives a running guest its identity in one round trip; doing it twice is as doing it once.
 *
 * A process that has already read the machine id (systemd, journald) keeps it until it is restarted.
 *
 * @throws GoqemuError `identity-invalid` for a value that cannot be one; `identity-failed` with what the guest said
 */
export async function applyIdentity(run: GuestRunner, identity: GuestIdentity): Promise<void> {
  const result = await run(identityScript(identity));
  if (result.exitCode === 0) return;
  throw new GoqemuError({
    code: 'identity-failed',
    source: 'environment',
    message: 'the guest could not be given its identity',
    detail: result.stderr.trim() || `exit code ${result.exitCode ?? 'none'}`,
    hint: 'the script needs root and a root file system that can be written to',
  });
}

/** The script of `applyIdentity`. Made of what the shell has built in where it can be: each process costs milliseconds in an emulated guest. */
export function identityScript(identity: GuestIdentity): string {
  const parts = ['set -e', 'umask 022'];
  // Time first, so that what follows is stamped with it.
  if (identity.clock !== undefined) parts.push(clock(identity.clock));
  if (identity.entropySeed !== undefined) parts.push(entropy(identity.entropySeed));
  if (identity.hostname !== undefined) parts.push(hostname(identity.hostname, identity.formerHostname));
  if (identity.machineId !== undefined) parts.push(machineId(identity.machineId));
  if (identity.authorizedKeys) parts.push(authorizedKeys(identity.authorizedKeys.user, identity.authorizedKeys.keys));
  if (identity.sshHostKey) parts.push(hostKey(identity.sshHostKey));
  return `${parts.join('\n')}\n`;
}

function clock(epochMs: number): string {
  if (!Number.isFinite(epochMs) || epochMs < 0) throw invalid('clock', epochMs, 'milliseconds since 1970');
  // GNU date takes fractions, busybox takes whole seconds.
  return `date -u -s @${(epochMs / 1000).toFixed(3)} >/dev/null 2>&1 || date -u -s @${Math.round(epochMs / 1000)} >/dev/null`;
}

function entropy(seed: string): string {
  if (!/^[0-9a-f]{32,}$/i.test(seed)) throw invalid('entropySeed', '…', 'at least 32 hexadecimal digits');
  // random(4): writing only mixes; RNDRESEEDCRNG (0x5207) makes the generator take it up before its next turn.
  return `printf %s ${seed} > /dev/urandom
if command -v perl >/dev/null 2>&1; then perl -e 'open(R,">","/dev/urandom") && ioctl(R,0x5207,0)' || :; fi`;
}

function shortName(field: string, name: string): string {
  const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
  const [short = '', ...domain] = name.split('.');
  if (name.length <= 64 && [short, ...domain].every((part) => label.test(part))) return short;
  throw invalid(field, name, 'labels of letters, digits and inner hyphens, 64 characters at most');
}

function hostname(name: string, former: string | undefined): string {
  const short = shortName('hostname', name);
  const names = short === name ? name : `${name} ${short}`;
  return `was=
if [ -e /etc/hostname ]; then read -r was < /etc/hostname || :; fi
own=" ${short} ${former === undefined ? '' : shortName('formerHostname', former)} \${was%%.*} "
printf '%s\\n' ${name} > /etc/hostname
printf %s ${name} > /proc/sys/kernel/hostname
hosts= seen=
if [ -e /etc/hosts ]; then
while IFS= read -r line || [ -n "$line" ]; do
mine=
case $line in
127.0.1.1[[:space:]]*) set -f
for word in \${line#127.0.1.1}; do
case $own in *" \${word%%.*} "*) mine=1 ;; esac
done
set +f ;;
esac
if [ -z "$mine" ]; then hosts="$hosts$line
"
elif [ -z "$seen" ]; then hosts="\${hosts}127.0.1.1 ${names}
"; seen=1; fi
done < /etc/hosts
fi
if [ -z "$seen" ]; then hosts="\${hosts}127.0.1.1 ${names}
"; fi
printf %s "$hosts" > /etc/hosts`;
}

function machineId(id: string): string {
  if (!/^[0-9a-f]{32}$/.test(id) || /^0+$/.test(id)) throw invalid('machineId', id, '32 lower-case hexadecimal digits');
  return `printf '%s\\n' ${id} > /etc/machine-id
if [ -f /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then printf '%s\\n' ${id} > /var/lib/dbus/machine-id; fi`;
}

function authorizedKeys(user: string, keys: readonly string[]): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(user)) throw invalid('authorizedKeys.user', user, 'the name of a user');
  for (const key of keys) {
    parsePublicKey(key);
    if (key.includes('\n')) throw invalid('authorizedKeys.keys', key, 'one line per key');
  }
  const text = shellQuote(keys.map((key) => `${key.trim()}\n`).join(''));
  return `home= owner=
while IFS=: read -r name _ uid gid _ folder _; do
if [ "$name" = ${user} ]; then home=$folder owner=$uid:$gid; break; fi
done < /etc/passwd
[ -n "$home" ] || { echo 'no user ${user} in the guest' >&2; exit 1; }
mkdir -p "$home/.ssh"
printf %s ${text} > "$home/.ssh/authorized_keys"
chmod 700 "$home/.ssh"
chmod 600 "$home/.ssh/authorized_keys"
chown "$owner" "$home/.ssh" "$home/.ssh/authorized_keys"`;
}

/** sshd reads its keys again on SIGHUP; where a socket starts one per connection there is nothing to signal. */
function hostKey(pair: SshKeyPair): string {
  parsePublicKey(pair.publicKey);
  refuseNul(pair.privateKey, 'the host key');
  const file = '/etc/ssh/ssh_host_ed25519_key';
  return `mkdir -p /etc/ssh
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
(umask 077; printf %s ${shellQuote(pair.privateKey)} > ${file})
printf '%s\\n' ${shellQuote(pair.publicKey.trim())} > ${file}.pub
pid=
for f in /run/sshd.pid /var/run/sshd.pid; do
if [ -s "$f" ]; then read -r pid < "$f"; break; fi
done
if [ -z "$pid" ] || ! kill -HUP "$pid" 2>/dev/null; then
if command -v systemctl >/dev/null 2>&1; then systemctl try-reload-or-restart ssh.service sshd.service >/dev/null 2>&1 || :
elif command -v rc-service >/dev/null 2>&1; then rc-service --ifstarted sshd reload >/dev/null 2>&1 || :
fi
fi`;
}

function invalid(field: string, value: unknown, expected: string): GoqemuError {
  return new GoqemuError({
    code: 'identity-invalid',
    source: 'user',
    subject: field,
    message: `${field}: ${JSON.stringify(value)} cannot be the ${field} of a guest`,
    detail: `expected ${expected}`,
    hint: 'correct the value',
  });
}
