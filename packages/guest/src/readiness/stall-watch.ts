import type { GuestTime } from './guest-time.ts';
import { defaultStageTimeouts, type ReadinessStage } from './stages.ts';

/**
 * How long a guest may say nothing on its console while it makes no other progress, in milliseconds of its own time: the
 * kernel, the services and cloud-init of a guest that boots all write there. Then it hangs, whatever its stage may take.
 */
export const defaultSilenceMs = 110_000;

export interface StallLimits {
  /** What the caller asks for instead of `defaultStageTimeouts`, in milliseconds. */
  readonly timeouts?: Partial<Record<ReadinessStage, number>> | undefined;
  /** Multiplies every limit. @default 1 */
  readonly scale?: number | undefined;
}

/** What a look at a guest that boots has shown. */
export interface BootSigns {
  readonly stage: ReadinessStage;
  /** How many stages have been reached. */
  readonly reached: number;
  /** Bytes on its console since this boot; undefined where it has none that is seen. */
  readonly written: number | undefined;
}

/** Tells whether a guest that boots is stalled: by the time that it had itself, not by the clock of a busy host. */
export class StallWatch {
  readonly #time: GuestTime;
  readonly #limits: StallLimits;
  #reached = -1;
  #stageBegan = 0;
  #written = 0;
  #lastSign = 0;

  constructor(time: GuestTime, limits: StallLimits) {
    this.#time = time;
    this.#limits = limits;
  }

  /** How long the stage has been waited for in the guest's own time, in milliseconds. */
  get stageMs(): number {
    return this.#time.passedMs - this.#stageBegan;
  }

  /** Why the guest is stalled; undefined while it is not. */
  look({ stage, reached, written }: BootSigns): 'limit' | 'silence' | undefined {
    const now = this.#time.passedMs;
    if (reached !== this.#reached) this.#stageBegan = this.#lastSign = now;
    if (written !== undefined && written > this.#written) this.#lastSign = now;
    this.#reached = reached;
    this.#written = written ?? 0;
    if (this.stageMs > this.#limitOf(stage)) return 'limit';
    return this.#isSilent(stage, now) ? 'silence' : undefined;
  }

  #limitOf(stage: ReadinessStage): number {
    const { timeouts, scale = 1 } = this.#limits;
    const limit = (one: ReadinessStage) => (timeouts?.[one] ?? defaultStageTimeouts[one]) * scale;
    // A console that has said nothing may simply not be set up in the guest; then only SSH can tell.
    if (this.#written > 0 || (stage !== 'firmware' && stage !== 'kernel')) return limit(stage);
    return limit('firmware') + limit('kernel') + limit('ssh-banner');
  }

  #isSilent(stage: ReadinessStage, now: number): boolean {
    if (stage === 'process' || stage === 'cloud-init') return false; // SSH says what becomes of cloud-init
    const { timeouts, scale = 1 } = this.#limits;
    const silence = Math.max(defaultSilenceMs, timeouts?.[stage] ?? 0) * scale;
    const since = this.#written > 0 ? now - this.#lastSign : Math.min(this.#time.idleMs, now - this.#lastSign);
    return since >= silence;
  }
}
