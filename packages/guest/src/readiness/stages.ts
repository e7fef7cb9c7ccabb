/** The way of a machine from its process to a guest that is ready, in this order. */
export const readinessStages = ['process', 'firmware', 'kernel', 'ssh-banner', 'login', 'cloud-init'] as const;
export type ReadinessStage = (typeof readinessStages)[number];

export interface StageReached {
  readonly stage: ReadinessStage;
  /** Since the stage before, in milliseconds; 0 for one that was seen only through a later one. */
  readonly tookMs: number;
  /** Since the wait began, in milliseconds. */
  readonly atMs: number;
}

/** How long each stage may take after the one before, in milliseconds of the guest's own time: made for guests without acceleration. */
export const defaultStageTimeouts: Readonly<Record<ReadinessStage, number>> = {
  process: 10_000,
  firmware: 60_000,
  kernel: 120_000,
  'ssh-banner': 300_000,
  login: 120_000,
  'cloud-init': 600_000,
};

/** Which stages have been reached; reaching one means that those before it lie behind, too. */
export class StageTrack {
  readonly reached: StageReached[] = [];
  readonly #now: () => number;
  readonly #begun: number;
  readonly #onStage: ((stage: StageReached) => void) | undefined;
  #last = 0;

  constructor(onStage: ((stage: StageReached) => void) | undefined, now: () => number) {
    this.#onStage = onStage;
    this.#now = now;
    this.#begun = now();
  }

  /** The stage that is waited for; undefined when all are reached. */
  get current(): ReadinessStage | undefined {
    return readinessStages[this.reached.length];
  }

  /** How long the current stage has been waited for, in milliseconds. */
  get waitedMs(): number {
    return this.#now() - this.#begun - this.#last;
  }

  reach(stage: ReadinessStage): void {
    while (this.reached.length <= readinessStages.indexOf(stage)) {
      const next = readinessStages[this.reached.length];
      if (!next) return;
      const now = this.#now() - this.#begun;
      const reached = { stage: next, tookMs: next === stage ? Math.round(now - this.#last) : 0, atMs: Math.round(now) };
      if (next === stage) this.#last = now;
      this.reached.push(reached);
      this.#onStage?.(reached);
    }
  }
}
