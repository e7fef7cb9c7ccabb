/** At what pace a guest's sshd is asked for a connection, in milliseconds. */
export interface BannerTiming {
  /** How long the newest mute connection is left alone before it gets a rival: the first, the second … time; the last one repeats. */
  readonly distancesMs: readonly number[];
  /** Pause after a connection that was refused, reset or closed; it doubles up to the second value. */
  readonly retryMs: readonly [number, number];
  /** Pause after sshd has said that it accepts no connection from this address at the moment. */
  readonly shutOutMs: number;
}

/**
 * sshd forks and executes itself for each connection, which takes an emulated guest on a busy host many seconds: a
 * connection that is thrown away too early only makes the next one slower. With two at a time and these distances each is
 * kept for 25 s, then 50, then 60. A connection that the guest has not taken yet is asked for again meanwhile: libslirp
 * sends the SYN at least each 12 s (TCPTV_REXMTMAX in its tcp_timer.h) and gives up after 75 s (TCPTV_KEEP_INIT).
 */
export const defaultBannerTiming: BannerTiming = {
  distancesMs: [5_000, 20_000, 30_000],
  retryMs: [200, 1000],
  shutOutMs: 5_000,
};

/** Mute connections that are kept at once. */
export const mostMute = 2;

/**
 * Milliseconds between two logins that were refused. OpenSSH 9.8 and later counts 5 s against an address for each, and shuts
 * it out from 15 s on (sshd_config(5), PerSourcePenalties); all of QEMU's user network is one address.
 */
export const refusedLoginPauseMs = 7_000;

/** The same after a connection that ended without a login, which counts 1 s. */
export const otherHostKeyPauseMs = 2_000;

/** Pauses between handshakes that broke off: a server that is being restarted is back at once, one that is overloaded needs rest. */
export const brokenHandshakePausesMs: readonly [number, number] = [200, 10_000];

/** Milliseconds of the pause after so many in a row (from 0), doubling from the first value to the last. */
export function doubling([first, last]: readonly [number, number], times: number): number {
  return Math.min(last, first * 2 ** times);
}
