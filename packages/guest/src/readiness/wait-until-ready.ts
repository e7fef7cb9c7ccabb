import { anySignal, changedError, formatDuration, GoqemuError, hasErrorCode, orAborted, sleep } from '@goqemu/core';
import type { GuestSession } from '../session/guest-session.ts';
import { otherHostKeyPauseMs, refusedLoginPauseMs } from '../session/pace.ts';
import { type CloudInitState, waitForCloudInit } from './cloud-init.ts';
import { ConsoleWatch } from './console-watch.ts';
import { GuestTime, type ProcessorGauge } from './guest-time.ts';
import { type ReadinessStage, type StageReached, StageTrack } from './stages.ts';
import { StallWatch } from './stall-watch.ts';

export interface ReadinessOptions {
  readonly session: GuestSession;
  /** File that QEMU writes the serial console to; without one the stages firmware and kernel are not distinguished. */
  readonly serialLog?: string;
  /** Where this boot begins in that file, in bytes; default 0. */
  readonly serialOffset?: number;
  /** False when the machine's process has ended. */
  readonly isProcessAlive: () => boolean | Promise<boolean>;
  /** The machine has an accelerator, and one that hangs looks like a guest that does: said where a stage stalls. */
  readonly emulationMayHelp?: boolean;
  /** Names the machine in errors. */
  readonly machine?: string;
  /** Overrides `defaultStageTimeouts`, in milliseconds of the guest's own time. */
  readonly timeouts?: Partial<Record<ReadinessStage, number>>;
  /** Multiplies all limits. @default 1 */
  readonly timeoutScale?: number;
  /** What the machine's process has of the host's processors; without it the wall clock counts. */
  readonly processor?: ProcessorGauge;
  /** Called for each stage as it is reached. */
  readonly onStage?: (stage: StageReached) => void;
  /** Pause after a login that was refused; cloud-init may still be making the user. In milliseconds. @default 7000 */
  readonly refusedLoginPauseMs?: number;
  readonly signal?: AbortSignal;
  /** Where the guest's file system is; only tests have it elsewhere. @default '' */
  readonly guestRoot?: string;
  /** Only tests have another. @default the host's */
  readonly clock?: { now(): number; sleep(milliseconds: number, signal: AbortSignal): Promise<void> };
}

const hostClock = { now: () => performance.now(), sleep };

export interface Readiness {
  readonly stages: readonly StageReached[];
  readonly cloudInit: CloudInitState;
}

const lookEveryMs = 200;
/** Until cloud-init has put the pinned host key in place a guest may show the one of its image; of the guest's own time. */
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
  const { clock = hostClock } = options;
  const track = new StageTrack(options.onStage, clock.now);
  const stop = new AbortController();
  const signal = anySignal(options.signal, stop.signal);
  const serial =
    options.serialLog === undefined ? undefined : new ConsoleWatch(options.serialLog, options.serialOffset);
  const time = new GuestTime(clock.now(), options.processor);
  const boot: Boot = { options, track, serial, clock, time, signal, reason: undefined };
  const watching = watch(boot);
  const logIn = async (): Promise<Readiness> => {
    await connect(boot);
    boot.reason = undefined;
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

/** What watching a boot and logging in to it share. */
interface Boot {
  readonly options: ReadinessOptions;
  readonly track: StageTrack;
  readonly serial: ConsoleWatch | undefined;
  readonly clock: NonNullable<ReadinessOptions['clock']>;
  readonly time: GuestTime;
  readonly signal: AbortSignal;
  /** Why there is no login yet. */
  reason: string | undefined;
}

async function connect(boot: Boot): Promise<void> {
  const { track, time, signal } = boot;
  const { session, refusedLoginPauseMs: pauseMs = refusedLoginPauseMs } = boot.options;
  let mismatchSince: number | undefined;
  for (;;) {
    try {
      await session.connect({
        timeoutMs: 24 * 3600_000, // the stages have their own
        signal,
        onAttempt: (reason) => {
          boot.reason = reason;
        },
        onBanner: () => track.reach('ssh-banner'),
      });
      track.reach('login');
      return;
    } catch (error) {
      signal.throwIfAborted();
      const otherKey = hasErrorCode(error, 'host-key-mismatch');
      if (!otherKey && !hasErrorCode(error, 'authentication-failed')) throw error;
      if (otherKey) {
        mismatchSince ??= time.passedMs;
        if (time.passedMs - mismatchSince > hostKeyGraceMs)
          throw changedError(error, { detail: [error.detail, withoutCloudInit].filter(Boolean).join('\n') });
      }
      boot.reason = `${error.message}: ${error.detail}`;
      await sleep(otherKey ? otherHostKeyPauseMs : pauseMs, signal);
    }
  }
}

async function watch(boot: Boot): Promise<never> {
  const { options, track, serial, clock, time, signal } = boot;
  const stall = new StallWatch(time, { timeouts: options.timeouts, scale: options.timeoutScale });
  for (;;) {
    const alive = await orAborted(Promise.resolve(options.isProcessAlive()), signal);
    const said = await serial?.look();
    await time.look(clock.now());
    if (!alive) throw failed(boot, 'machine-exited', 'its process has ended', boot.reason);
    track.reach('process');
    if (said?.kernel) track.reach('kernel');
    else if (said?.firmware) track.reach('firmware');
    if (said?.fatal && !options.session.isConnected)
      throw failed(boot, 'boot-failed', 'the console says that it cannot boot', said.fatal);
    const stage = track.current;
    const stalled = stage && stall.look({ stage, reached: track.reached.length, written: said?.written });
    if (stalled) {
      const how = `stage ${stage} was not reached within ${waited(track.waitedMs, stall.stageMs)}`;
      throw failed(boot, 'stage-stalled', how, boot.reason ?? silence(stalled, said?.written));
    }
    await clock.sleep(lookEveryMs, signal);
  }
}

function silence(stalled: 'limit' | 'silence', written: number | undefined): string | undefined {
  if (written === 0) return 'the serial console has stayed silent';
  return stalled === 'silence' ? 'nothing more came from its serial console' : undefined;
}

/** With the guest's own time where the host was busy with other work. */
function waited(wallMs: number, guestMs: number): string {
  const own =
    guestMs < wallMs * 0.8 ? `, of which it had a processor of this busy host for ${formatDuration(guestMs)}` : '';
  return `${formatDuration(wallMs)}${own}`;
}

/** What explains a guest that answers and lets goqemu in never. */
const withoutCloudInit =
  'goqemu gives a guest its user, access key and host key through cloud-init (data source NoCloud): an image without cloud-init, or with it switched off, has none of them';

function failed(
  { options, track, serial }: Boot,
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
    hint: code === 'stage-stalled' && options.emulationMayHelp ? `${hints[code]}; ${emulate}` : hints[code],
    data: {
      stage,
      waitedMs: Math.round(track.waitedMs),
      ...(options.emulationMayHelp ? { emulationMayHelp: true } : {}),
      reached: track.reached.map((one) => one.stage),
      console: tail,
    },
  });
}

const emulate =
  "when its console stays silent, accelerator: 'tcg' in the lab tells whether the accelerator is what hangs";

const hints = {
  'stage-stalled':
    'look at the whole console with `goqemu logs`; give the stage more time with timeouts in the lab, or GOQEMU_TIMEOUT_SCALE=4 on a slow host',
  'machine-exited': 'look at the machine’s QEMU log for its last words',
  'boot-failed': 'check the image: it must boot from its own disk on this machine’s firmware',
};
