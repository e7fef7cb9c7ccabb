import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, makeFolders } from '@goqemu/core';
import { fileWord } from '../runner/attachments.ts';
import type { TestPlace } from '../runner/place.ts';
import type { RunSettings } from '../runner/run-settings.ts';
import type { LabTrace } from '../trace/lab-trace.ts';
import { traceSuffix, writeTrace } from '../trace/trace-file.ts';
import { ActionLog } from './action-log.ts';
import { instance } from './instance.ts';
import { recordedError } from './recorded-error.ts';
import type { Evidence, TestRecord } from './test-record.ts';

/** A test, as its records name it. */
export interface RecordedPlan {
  readonly name: string;
  /** Its test file: relative, or absolute where it is not known where in it. */
  readonly file: string;
  /** Where it is registered. */
  readonly place: TestPlace | undefined;
  /** Where its records go. */
  readonly records: Pick<RunSettings, 'id' | 'trace' | 'traces' | 'keepTraces' | 'records'>;
}

/** Runs that this instance has recorded. */
let count = 0;

/** The record of one run of a test, in the making. */
export class Recording {
  readonly #plan: RecordedPlan;
  readonly #name: string;
  readonly #attempt: number;
  /** Of its files, among all runs of tests. */
  readonly #id: string;
  readonly #startedAt = Date.now();
  readonly actions = new ActionLog(() => this.#mask);
  #preparedMs: number | undefined;
  #lab: LabTrace | undefined;
  #evidence: Evidence | undefined;
  #trace: string | undefined;

  /** @param name as it is registered */
  constructor(plan: RecordedPlan, name: string, attempt: number) {
    this.#plan = plan;
    this.#name = name;
    this.#attempt = attempt;
    this.#id = `${plan.records.id}-${instance}-${++count}`;
  }

  get #mask(): (text: string) => string {
    return this.#lab?.mask ?? ((text) => text);
  }

  /** The body of the test begins. */
  prepared(lab: LabTrace | undefined): void {
    this.#lab = lab;
    if (lab && this.#plan.records.trace === 'full') this.actions.before = (action) => lab.cutBefore(action);
    this.#preparedMs = this.actions.nowMs;
  }

  /** Runs it all, and writes the record where one is asked for. */
  async whole(run: () => Promise<void>): Promise<void> {
    let ended: { readonly error?: unknown } = {};
    try {
      await run();
    } catch (error) {
      ended = { error };
      throw error;
    } finally {
      await this.#write(this.#record(ended));
    }
  }

  /**
   * Looks at the machines of a test that failed, keeps them as they are, and writes its trace.
   *
   * @returns what to say of it, and its path; it never throws, since the test has failed already
   */
  async leaveTrace(error: unknown): Promise<{ readonly text: string; readonly path?: string } | undefined> {
    const { trace, traces } = this.#plan.records;
    if (trace === 'off') return undefined;
    try {
      makeFolders(traces);
      const words = this.#evidenceFor(await this.#hasRoom());
      this.#evidence = await words;
      this.#trace = join(traces, `${fileWord(this.#plan.name)}.${this.#id}${traceSuffix}`);
      const kept = () => writeTrace(this.#trace ?? '', this.#record({ error }));
      await kept();
      const lost = await this.#lab?.keep();
      if (lost !== undefined && this.#evidence) {
        this.#evidence = { ...this.#evidence, place: { missing: lost } };
        await kept();
      }
      return { text: `trace: ${this.#trace}`, path: this.#trace };
    } catch (failure) {
      return { text: `there is no trace of it: ${errorMessage(failure)}` };
    }
  }

  /** The test is over: what was kept for a trace that there is not, goes. */
  async settle(): Promise<void> {
    this.actions.before = undefined;
    if (this.#trace === undefined) await this.#lab?.dropCuts();
  }

  async #evidenceFor(hasRoom: boolean): Promise<Evidence | undefined> {
    const most = this.#plan.records.keepTraces;
    const kept =
      most === 1 ? 'the place of one failure of this run is' : `the places of ${most} failures of this run are`;
    const refused = hasRoom ? undefined : `${kept} kept already`;
    return this.#lab?.gather({ title: this.#plan.name, seconds: Math.ceil(this.actions.nowMs / 1000) + 1, refused });
  }

  async #hasRoom(): Promise<boolean> {
    const { traces, id, keepTraces } = this.#plan.records;
    const ofRun = (await readdir(traces)).filter((name) => name.includes(`.${id}-`) && name.endsWith(traceSuffix));
    return ofRun.length < keepTraces;
  }

  async #write(record: TestRecord): Promise<void> {
    const { records } = this.#plan.records;
    if (records === undefined) return;
    makeFolders(records);
    await writeFile(join(records, `${this.#id}.json`), JSON.stringify(record));
  }

  #record(ended: { readonly error?: unknown }): TestRecord {
    const { name, place, records, file } = this.#plan;
    const failed = 'error' in ended;
    const { omitted } = this.actions;
    return {
      version: 1,
      run: records.id,
      worker: process.pid,
      ...(place ? { file: place.file, line: place.line } : { file }),
      name: this.#mask(this.#name ?? name),
      attempt: this.#attempt,
      startedAt: this.#startedAt,
      durationMs: this.actions.nowMs,
      ...(this.#preparedMs === undefined ? {} : { preparedMs: this.#preparedMs }),
      result: failed ? 'failed' : 'passed',
      ...(failed ? { error: recordedError(ended.error, this.#mask, place?.file ?? file) } : {}),
      ...(this.#lab ? { lab: this.#lab.lab } : {}),
      actions: this.actions.actions.map((action) => ({ ...action, ...this.#lab?.before(action) })),
      ...(omitted > 0 ? { omittedActions: omitted } : {}),
      ...(this.#evidence ? { evidence: this.#evidence } : {}),
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
    };
  }
}
