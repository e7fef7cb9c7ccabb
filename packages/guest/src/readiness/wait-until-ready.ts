import { changedError, formatDuration, GoqemuError, hasErrorCode, orAborted, sleep } from '@goqemu/core';
import type { GuestSession } from '../session/guest-session.ts';
import { otherHostKeyPauseMs, refusedLoginPauseMs } from '../session/pace.ts';
import { type CloudInitState, waitForCloudInit } from './cloud-init.ts';
import { ConsoleWatch } from './console-watch.ts';
import { defaultStageTimeouts, type ReadinessStage, type StageReached, StageTrack } from './stages.ts';

export interface ReadinessOptions {
  readonly session: GuestSession;
  /** File that QEMU writes the serial console to; without one the stages firmware and kernel are not distinguished. */
  readonly serialLog?: string;
  /** Where this boot begins in that file, in bytes; default 0. */
  readonly serialOffset?: number;
  /** False when the machine's process has ended. */
  readonly isProcessAlive: () => boolean | Promise<boolean>;
  /** Names the machine in errors. */
  readonly machine?: string;
  /** Overrides `defaultStageTimeouts`, in milliseconds. */
  readonly timeouts?: Partial<Record<ReadinessStage, number>>;
  /** Called for each stage as it is reached. */
  readonly onStage?: (stage: StageReached) => void;
  /** Pause after a login that was refused; cloud-init may still be making the user. In milliseconds. @default 7000 */
  readonly refusedLoginPauseMs?: number;
  readonly signal?: AbortSignal;
  /** Where the guest's file system is; only tests have it elsewhere. @default '' */
  readonly guestRoot?: string;
}

export interface Readiness {
  readonly stages: readonly StageReached[];
  readonly cloudInit: CloudInitState;
}

const lookEveryMs = 200;
/** Until cloud-init has put the pinned host key in place a guest may show the one of its image. */
const hostKeyGraceMs = 30_000;

/**
 * Waits until a guest is ready, stage by stage. The console, the process and SSH are watched side by side: the login
 * happens as soon as the guest's sshd answers, however little the console says.
 *
 * @throws GoqemuError `stage-stalled` with the stage, how long it waited and the console's last lines;
 * `machine-exited` when the process ended; `boot-failed` when the console says that this boot is over;
 * `cloud-init-failed`; `host-key-mismatch`; the signal's reason
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<Readiness> {
  const track = new StageTrack(options.onStage);
  const timeouts = { ...defaultStageTimeouts, ...options.timeouts };
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const serial =
    options.serialLog === undefined ? undefined : new ConsoleWatch(options.serialLog, options.serialOffset);
  let reason: string | undefined;
  const watching = watch(options, track, timeouts, serial, signal, () => reason);
  const logIn = async (): Promise<Readiness> => {
    await connect(options, track, signal, (text) => {
      reason = text;
    });
    reason = undefined;
    const cloudInit = await waitForCloudInit(options.session, signal, options.guestRoot);
    track.reach('cloud-init');
    return { stages: track.reached, cloudInit };
  };
  const loggingIn = logIn();
  try {
    return await Promise.race([loggingIn, watching]);
  } finally {
    stop.abort(new Error('the wait for readiness is over'));
    await Promise.allSettled([loggingIn, watching]);
    await serial?.[Symbol.asyncDispose]();
  }
}

async function connect(
  { session, refusedLoginPauseMs: pauseMs = refusedLoginPauseMs }: ReadinessOptions,
  track: StageTrack,
  signal: AbortSignal,
  onReason: (reason: string) => void,
): Promise<void> {
  let mismatchSince: number | undefined;
  for (;;) {
    try {
      await session.connect({
        timeoutMs: 24 * 3600_000, // the stages have their own
        signal,
        onAttempt: onReason,
        onBanner: () => track.reach('ssh-banner'),
      });
      track.reach('login');
      return;
    } catch (error) {
      signal.throwIfAborted();
      const otherKey = hasErrorCode(error, 'host-key-mismatch');
      if (!otherKey && !hasErrorCode(error, 'authentication-failed')) throw error;
      if (otherKey) {
        mismatchSince ??= performance.now();
        if (performance.now() - mismatchSince > hostKeyGraceMs)
          throw changedError(error, { detail: [error.detail, withoutCloudInit].filter(Boolean).join('\n') });
      }
      onReason(`${error.message}: ${error.detail}`);
      await sleep(otherKey ? otherHostKeyPauseMs : pauseMs, signal);
    }
  }
}

async function watch(
  options: ReadinessOptions,
  track: StageTrack,
  timeouts: Record<ReadinessStage, number>,
  serial: ConsoleWatch | undefined,
  signal: AbortSignal,
  reason: () => string | undefined,
): Promise<never> {
  for (;;) {
    const alive = await orAborted(Promise.resolve(options.isProcessAlive()), signal);
    const said = await serial?.look();
    if (!alive) throw failed(options, track, serial, 'machine-exited', 'its process has ended', reason());
    track.reach('process');
    if (said?.kernel) track.reach('kernel');
    else if (said?.firmware) track.reach('firmware');
    if (said?.fatal && !options.session.isConnected)
      throw failed(options, track, serial, 'boot-failed', 'the console says that it cannot boot', said.fatal);
    const stage = track.current;
    if (stage && track.waitedMs > limitOf(stage, timeouts, said?.silent ?? true)) {
      const how = `stage ${stage} was not reached within ${formatDuration(track.waitedMs)}`;
      const why = reason() ?? (said?.silent ? 'the serial console has stayed silent' : undefined);
      throw failed(options, track, serial, 'stage-stalled', how, why);
    }
    await sleep(lookEveryMs, signal);
  }
}

/** What explains a guest that answers and lets goqemu in never. */
const withoutCloudInit =
  'goqemu gives a guest its user, access key and host key through cloud-init (data source NoCloud): an image without cloud-init, or with it switched off, has none of them';

/** A console that has said nothing may simply not be set up in the guest; then only SSH can tell. */
function limitOf(stage: ReadinessStage, timeouts: Record<ReadinessStage, number>, silent: boolean): number {
  if (!silent || (stage !== 'firmware' && stage !== 'kernel')) return timeouts[stage];
  return timeouts.firmware + timeouts.kernel + timeouts['ssh-banner'];
}

function failed(
  options: ReadinessOptions,
  track: StageTrack,
  serial: ConsoleWatch | undefined,
  code: 'stage-stalled' | 'machine-exited' | 'boot-failed',
  how: string,
  why: string | undefined,
): GoqemuError {
  const tail = serial?.tail() ?? [];
  const machine = options.machine ?? 'the machine';
  const stage = track.current ?? 'cloud-init';
  const detail = [
    ...(why ? [why] : []),
    ...(code === 'stage-stalled' && stage === 'login' ? [withoutCloudInit] : []),
    ...(tail.length > 0 ? ['last lines of the serial console:', ...tail.map((line) => `  ${line}`)] : []),
  ];
  return new GoqemuError({
    code,
    source: 'environment',
    subject: machine,
    message: `${machine} did not become ready: ${how}`,
    ...(detail.length > 0 ? { detail: detail.join('\n') } : {}),
    hint: hints[code],
    data: {
      stage,
      waitedMs: Math.round(track.waitedMs),
      reached: track.reached.map((one) => one.stage),
      console: tail,
    },
  });
}

const hints = {
  'stage-stalled': 'look at the whole console with `goqemu logs`; on a slow host give the stage more time',
  'machine-exited': 'look at the machine’s QEMU log for its last words',
  'boot-failed': 'check the image: it must boot from its own disk on this machine’s firmware',
};
