/** A script that tells how many TCP connections a guest has taken since its boot (PassiveOpens of RFC 4022, in proc(5)). */
export const takenConnections = `awk '/^Tcp:/ { taken = $7 } END { print taken }' /proc/net/snmp`;

/** Milliseconds after which a connection that is mute gets a rival, from the first on; then every 30 s. */
const rivalsMs = [5_000, 25_000, 55_000];

/**
 * How many connections goqemu opens at most until one has answered, in that time. A guest that boots again may also take
 * those of its former boot: libslirp asks the guest for a connection whose client is gone, too
 * (findings/slirp-forward-of-a-gone-client.sh).
 */
export function connectionsAtMost(tookMs: number): number {
  const [last = 0] = rivalsMs.slice(-1);
  return 1 + rivalsMs.filter((afterMs) => afterMs < tookMs).length + Math.max(0, Math.floor((tookMs - last) / 30_000));
}
