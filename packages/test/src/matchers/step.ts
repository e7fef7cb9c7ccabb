import { asGoqemuError, hasErrorCode } from '@goqemu/core';
import type { AskCall } from '../ask/ask-guest.ts';
import { type AllowedChanges, type ChangeRules, readAllowed, rulesWords } from '../changes/allowed-changes.ts';
import { takeBaseline } from '../changes/baseline.ts';
import { areNoChanges, changeLines, countedChanges, someChanges } from '../changes/change-words.ts';
import { findChanges } from '../changes/find-changes.ts';
import type { Changes } from '../changes/read-changes.ts';
import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a step of the lab is expected to do. */
export interface StepMatchers {
  /**
   * The step runs again twice on the machine as it is, and the second time changes nothing: no package by version, no file by
   * content, mode or owner, but for those that change by themselves and those that are allowed. Asked once; the time limit is
   * 10 minutes by default.
   *
   * @param allowed what may change nevertheless @default nothing
   */
  toBeIdempotent(allowed?: AllowedChanges, options?: WaitOptions): Promise<void>;
}

/** A step of the lab, on a machine. */
export interface StepSubject {
  run(options?: { readonly signal?: AbortSignal }): Promise<unknown>;
}

export type StepProbe = ProbeOf<'step', StepSubject>;

export function stepMatchers(probe: StepProbe, check: Check): StepMatchers {
  return {
    toBeIdempotent: (allowed, options) =>
      check('toBeIdempotent', allowed === undefined ? [] : [allowed], { timeout: '10 min', ...options }, (what) =>
        idempotenceQuestion(probe, readAllowed(what, allowed ?? {})),
      ),
  };
}

/** What running a step twice did. */
interface RunTwice {
  /** Why it failed, and at which time. */
  readonly failure?: { readonly time: 'first' | 'second'; readonly message: string; readonly detail: string };
  /** What the second time changed. */
  readonly changes: Changes;
}

const noChanges: Changes = { packages: [], files: [] };

function idempotenceQuestion(probe: StepProbe, rules: ChangeRules): Question<RunTwice> {
  const nothing = rules.packages.length + rules.files.length === 0;
  return {
    once: true,
    expected: nothing ? 'no changes the second time' : `no changes the second time but ${rulesWords(rules)}`,
    expectedValue: rules,
    ask: async (call) => runTwice(probe, rules, call),
    holds: ({ failure, changes }) => !failure && areNoChanges(changes),
    got: ({ failure, changes }) => {
      if (failure) return `it failed the ${failure.time} time: ${failure.message}`;
      return areNoChanges(changes) ? 'no changes' : `changes of ${countedChanges(changes)}`;
    },
    gotValue: ({ failure, changes }) => (failure ? failure.message : someChanges(changes)),
    evidence: async (seen) => {
      if (seen?.failure) return { title: 'it printed', text: seen.failure.detail || '(nothing)', from: 'end' };
      return seen && { title: 'what the second time changed', text: changeLines(seen.changes), from: 'start' };
    },
  };
}

async function runTwice({ machine, subject }: StepProbe, rules: ChangeRules, call: AskCall): Promise<RunTwice> {
  const run = async (time: 'first' | 'second') => {
    try {
      await subject.run(call.signal ? { signal: call.signal } : {});
      return undefined;
    } catch (error) {
      if (!hasErrorCode(error, 'step-failed')) throw error;
      const { message, detail = '' } = asGoqemuError(error);
      return { failure: { time, message, detail }, changes: noChanges };
    }
  };
  const first = await run('first');
  if (first) return first;
  await using baseline = await takeBaseline(machine, {});
  return (await run('second')) ?? { changes: await findChanges(machine, baseline, rules, call) };
}
