import { type AskCall, askGuest, readFields } from '../ask/ask-guest.ts';
import type { TestedGuest } from '../tested-guest.ts';

/** How a connection went. */
export interface Attempt {
  readonly outcome: 'connected' | 'refused' | 'unresolved' | 'failed';
  /** In the words of the program that tried. */
  readonly reason: string;
}

/** A connection that is neither made nor refused within this is not made. */
const longestSeconds = 3;

/** Connects from a guest to a TCP port, sends nothing, and closes it. */
export async function reach(
  guest: TestedGuest,
  call: AskCall,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Attempt> {
  const { stdout } = await askGuest(guest, call, { script: connect, words: [host, port, longestSeconds], sudo: false });
  const { connected, reason = '' } = readFields(stdout).fields;
  if (connected === '0') return { outcome: 'connected', reason };
  return { outcome: outcomeOf(reason), reason };
}

export function attemptWords({ outcome, reason }: Attempt): string {
  if (outcome === 'connected') return 'reachable';
  if (outcome === 'unresolved') return `no answer: its name is unknown there (${reason})`;
  return `not reachable: ${reason || 'no answer'}`;
}

/** Words of getaddrinfo(3) and strerror(3) in glibc, musl and busybox. */
function outcomeOf(reason: string): Attempt['outcome'] {
  if (/refused/i.test(reason)) return 'refused';
  if (
    /name or service|not known|name resolution|resolve|bad address|no address|nodename|getaddrinfo|lookup/i.test(reason)
  )
    return 'unresolved';
  return 'failed';
}

const perl = `my $s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]); print STDERR $@ unless $s; exit($s ? 0 : 1)`;

const python = `import socket, sys
try: socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
except OSError as e: sys.exit(str(e))`;

/** What starts fastest comes first: a guest may be emulated. */
const connect = `if has perl && perl -MIO::Socket::IP -e 1 2>/dev/null; then
said=$(perl -MIO::Socket::IP -e '${perl}' "$1" "$2" "$3" 2>&1)
elif has nc && nc --help 2>&1 | grep -q BusyBox; then
said=$(nc -w "$3" "$1" "$2" -e /bin/true 2>&1)
elif has bash && has timeout; then
said=$(timeout "$3" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>&1)
elif has nc; then
said=$(nc -z -w "$3" "$1" "$2" 2>&1)
elif has python3; then
said=$(python3 -c '${python}' "$1" "$2" "$3" 2>&1)
else lacks 'perl, nc, bash or python3'; fi
printf 'connected %s\\nreason %s\\n' "$?" "$(echo "$said" | grep -v '^$' | tail -n 1)"`;
