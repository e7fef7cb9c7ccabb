import type { Duplex } from 'node:stream';
import { anySignal, orAborted, sleep } from '@goqemu/core';
import { attemptBanner, type BannerAttempt } from './banner-attempt.ts';
import type { SshEndpoint } from './endpoint.ts';
import { type BannerTiming, doubling, mostMute } from './pace.ts';

/**
 * A connected socket on which a server has begun to speak; what it said is still to be read.
 *
 * QEMU's user network accepts a forwarded connection before the guest has an sshd, and may then leave it silent for
 * minutes, so it is the banner (RFC 4253 §4.2: the server may speak first) that is waited for, not the connect. A silent
 * connection is not dropped but gets one rival, at growing intervals: it may be one that the guest never saw, or one that
 * the guest is about to answer.
 *
 * @param onAttempt called with why an attempt failed, or that it is still silent
 * @throws the signal's reason; there is no other end than a banner
 */
export async function socketWithBanner(
  endpoint: Pick<SshEndpoint, 'host' | 'port' | 'open'>,
  timing: BannerTiming,
  signal: AbortSignal,
  onAttempt: (reason: string) => void,
): Promise<Duplex> {
  const over = new AbortController();
  const stop = anySignal(signal, over.signal);
  const mute = new Set<BannerAttempt>();
  let winner: Duplex | undefined;
  let first: (socket: Duplex) => void = () => undefined;
  const won = new Promise<Duplex>((resolve) => {
    first = resolve;
  });
  const dial = () => {
    if (mute.size === mostMute) leave(mute, [...mute][0]);
    const attempt = attemptBanner(endpoint);
    mute.add(attempt);
    void attempt.ended.then((end) => {
      mute.delete(attempt);
      if ('kind' in end) return;
      if (winner) end.destroy(); // both spoke at once
      winner ??= end;
      first(winner);
    });
    return attempt;
  };
  try {
    return await orAborted(Promise.race([won, keepDialing(dial, timing, stop, onAttempt)]), signal);
  } finally {
    over.abort(new Error('a server has answered'));
    for (const attempt of mute) leave(mute, attempt);
    if (signal.aborted) winner?.destroy();
  }
}

function leave(mute: Set<BannerAttempt>, attempt: BannerAttempt | undefined): void {
  if (!attempt) return;
  mute.delete(attempt);
  attempt.abandon();
}

const stillMute = 'the port accepts connections, but no SSH server answers on it yet';

/** Opens connections until it is stopped: the next one after a distance, or after a pause when the newest has ended. */
async function keepDialing(
  dial: () => BannerAttempt,
  timing: BannerTiming,
  stop: AbortSignal,
  onAttempt: (reason: string) => void,
): Promise<never> {
  let silences = 0;
  let closes = 0;
  for (;;) {
    const distance = timing.distancesMs[Math.min(silences, timing.distancesMs.length - 1)] ?? 0;
    const end = await within(dial().ended, distance, stop);
    if (end === undefined) {
      silences++;
      onAttempt(stillMute);
    } else if ('kind' in end) {
      onAttempt(end.reason);
      await sleep(end.kind === 'shut-out' ? timing.shutOutMs : doubling(timing.retryMs, closes++), stop);
    } else await orAborted(new Promise<never>(() => undefined), stop); // the caller has it
  }
}

/** Undefined when it takes longer. */
async function within<T>(promise: Promise<T>, milliseconds: number, stop: AbortSignal): Promise<T | undefined> {
  const enough = new AbortController();
  const late = sleep(milliseconds, anySignal(stop, enough.signal));
  late.catch(() => undefined); // ended below, once the promise has settled
  try {
    return await Promise.race([promise, late.then(() => undefined)]);
  } finally {
    enough.abort(new Error('it has settled'));
  }
}
