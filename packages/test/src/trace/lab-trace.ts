import { errorMessage, visibleWord } from '@goqemu/core';
import type { ProbedMachine } from '../probes/probe.ts';
import {
  type Action,
  type Evidence,
  type FailurePlace,
  isKept,
  type RecordedEvent,
  type RecordedLab,
} from '../record/test-record.ts';
import type { LabLease } from '../runner/lab-leases.ts';
import type { TestedLabSource, TestedMachineStatus } from '../runner/tested-lab.ts';
import { inTime } from './in-time.ts';
import { machineEvidence } from './machine-evidence.ts';

/** Milliseconds for a cut of all machines, and for a fork to be switched off. */
const cutMs = 120_000;
const mostEvents = 200;
const longestEvent = 2000;

/** Those that are data, and hold no secret. */
function shownParameters(parameters: Readonly<Record<string, unknown>>, mask: (text: string) => string) {
  const isShown = ([, value]: readonly [string, unknown]) => {
    const text = JSON.stringify(value);
    return text !== undefined && mask(text) === text;
  };
  return Object.fromEntries(Object.entries(parameters).filter(isShown));
}

function runningOf(machines: readonly TestedMachineStatus[]): readonly string[] {
  return machines.filter(({ state }) => state === 'running').map(({ name }) => name);
}

interface Parts {
  readonly source: TestedLabSource;
  readonly lease: LabLease;
  readonly events: readonly RecordedEvent[];
  /** The machines that the test has used. */
  readonly probed: ReadonlyMap<string, ProbedMachine>;
}

/** What is asked of a lab whose test failed. */
export interface AskedEvidence {
  /** What the test is called. */
  readonly title: string;
  /** Since it began. */
  readonly seconds: number;
  /** Why no place is to be kept. */
  readonly refused: string | undefined;
}

/** The lab of one run of a test, as its record and its trace need it. */
export class LabTrace {
  readonly lab: RecordedLab;
  readonly mask: (text: string) => string;
  readonly #parts: Parts;
  #place: FailurePlace | undefined;
  /** By the number of the action, the machines as they were before it. */
  readonly #cuts = new Map<number, FailurePlace>();

  private constructor(parts: Parts, mask: (text: string) => string) {
    const { source, lease } = parts;
    const { tracing, at, isolation } = source;
    this.#parts = parts;
    this.mask = mask;
    this.lab = {
      ...{ name: lease.lab.name, file: tracing.file, stack: tracing.stack, isolation, machines: lease.machines },
      ...(at === undefined ? {} : { at }),
      parameters: shownParameters(tracing.parameters, mask),
    };
  }

  static async of(parts: Parts): Promise<LabTrace> {
    return new LabTrace(parts, await parts.source.tracing.mask(parts.lease.lab));
  }

  /** Cuts the machines first, since what is asked of them afterwards leaves its marks. */
  async gather(asked: AskedEvidence): Promise<Evidence> {
    const { lease, events } = this.#parts;
    const { machines } = await lease.lab.status();
    this.#place =
      asked.refused === undefined
        ? await this.#cut(runningOf(machines), `failed: ${asked.title}`)
        : { missing: asked.refused };
    if (!isKept(this.#place)) await this.dropCuts();
    const found = machines.map(({ name, state }) => this.#lookAt(name, state, asked.seconds));
    return {
      machines: await Promise.all(found),
      events: events.filter((event) => JSON.stringify(event).length <= longestEvent).slice(-mostEvents),
      place: this.#place,
    };
  }

  /** Cuts the machines before an action. */
  async cutBefore({ n, title }: Pick<Action, 'n' | 'title'>): Promise<void> {
    const { machines } = await this.#parts.lease.lab.status();
    this.#cuts.set(n, await this.#cut(runningOf(machines), `before action ${n}: ${title}`));
  }

  /** What was cut before an action. */
  before({ n }: Pick<Action, 'n'>): Pick<Action, 'before'> {
    const before = this.#cuts.get(n);
    return before ? { before } : {};
  }

  /** Gives up what was cut before actions; in a fork it goes with that. */
  async dropCuts(): Promise<void> {
    const { source, lease } = this.#parts;
    const cuts = [...this.#cuts.values()];
    this.#cuts.clear();
    for (const cut of cuts)
      if (isKept(cut) && !cut.ownStack)
        await inTime('giving up a checkpoint', cutMs, (signal) =>
          source.tracing.drop(lease.lab, cut.checkpoint, signal),
        );
  }

  /** Keeps the fork that the place is in. @returns why it could not be kept */
  async keep(): Promise<string | undefined> {
    if (!this.#place || !isKept(this.#place) || !this.#place.ownStack) return undefined;
    const { source, lease } = this.#parts;
    try {
      await inTime('keeping the fork of a test', cutMs, (signal) => source.tracing.keep(lease.lab, signal));
      return undefined;
    } catch (error) {
      this.#cuts.clear();
      return `its fork could not be kept: ${errorMessage(error)}`;
    }
  }

  async #cut(machines: readonly string[], called: string): Promise<FailurePlace> {
    if (machines.length === 0) return { missing: 'none of its machines was running' };
    const { source, lease } = this.#parts;
    const description = visibleWord(this.mask(called)).slice(0, 200);
    try {
      return await inTime('a checkpoint of the machines', cutMs, (signal) =>
        source.tracing.cut(lease.lab, { description, machines, signal }),
      );
    } catch (error) {
      return { missing: `the machines could not be kept: ${this.mask(errorMessage(error))}` };
    }
  }

  #lookAt(name: string, state: string, seconds: number) {
    const { source, lease, probed } = this.#parts;
    const baseline = probed.get(name)?.baselines.last;
    return machineEvidence(
      { name, state, guest: lease.lab.machine(name), ...(baseline ? { baseline } : {}) },
      {
        seconds,
        mask: this.mask,
        readConsole: (signal) => source.tracing.readConsole(lease.lab, name, signal),
      },
    );
  }
}
