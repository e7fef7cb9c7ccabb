import type { ProcessorUse } from '@goqemu/core';

/** What tells how much of the host's processors the machine's process has had. */
export interface ProcessorGauge {
  /** Undefined where the host does not show it. */
  look(): Promise<ProcessorUse | undefined>;
  /** How often it may be asked, in milliseconds. */
  readonly everyMs: number;
}

/**
 * The least part of a processor that counts as progress: a process that wants more and gets less is taken to wait, so
 * that every limit is over after forty times its length at the latest.
 */
const leastShare = 0.025;
/** A guest that uses less of its own time than this is idle. Emulation alone takes some per cent of an idle guest's. */
const idleShare = 0.2;
const idleWindowMs = 10_000;

/**
 * The time that a guest had: the wall clock, without the time in which its process wanted a processor and the host gave it
 * to others. A guest that waits, or spins, has all of the time; one that is given five per cent of a processor, five.
 */
export class GuestTime {
  readonly #gauge: ProcessorGauge | undefined;
  #passedMs = 0;
  #at: number;
  #used: number | undefined;
  #idleMs = 0;
  #window = { passedMs: 0, usedMs: 0 };

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: number, gauge?: ProcessorGauge) {
    this.#at = now;
    this.#gauge = gauge;
  }

  /** Since the beginning, as of the last look, in milliseconds. */
  get passedMs(): number {
    return this.#passedMs;
  }

  /** For how long the guest has used next to nothing of its time, in milliseconds. */
  get idleMs(): number {
    return this.#idleMs;
  }

  /** Brings the clock up to date. */
  async look(now: number): Promise<void> {
    const wallMs = now - this.#at;
    if (this.#gauge && this.#used !== undefined && wallMs < this.#gauge.everyMs) return;
    const use = await this.#gauge?.look();
    this.#at = now;
    const usedMs = use && this.#used !== undefined ? use.usedMs - this.#used : undefined;
    this.#used = use?.usedMs;
    const passedMs = guestPart(wallMs, usedMs, use?.wants);
    this.#passedMs += passedMs;
    if (usedMs !== undefined) this.#noteIdle(passedMs, usedMs);
  }

  #noteIdle(passedMs: number, usedMs: number): void {
    const window = { passedMs: this.#window.passedMs + passedMs, usedMs: this.#window.usedMs + usedMs };
    const full = window.passedMs >= idleWindowMs;
    if (full) this.#idleMs = window.usedMs < window.passedMs * idleShare ? this.#idleMs + window.passedMs : 0;
    this.#window = full ? { passedMs: 0, usedMs: 0 } : window;
  }
}

function guestPart(wallMs: number, usedMs: number | undefined, wants: boolean | undefined): number {
  if (usedMs === undefined || wants === false) return wallMs;
  const share = Math.max(usedMs, wallMs * leastShare);
  // Where the host does not show what a process wants, one that uses next to nothing wants nothing.
  if (wants === undefined && usedMs < wallMs * leastShare) return wallMs;
  return Math.min(share, wallMs);
}
