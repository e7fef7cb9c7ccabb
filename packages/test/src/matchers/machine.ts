import { type AllowedChanges, type ChangeRules, readAllowed, rulesWords } from '../changes/allowed-changes.ts';
import { usualBaseline } from '../changes/baseline.ts';
import type { Baseline } from '../changes/baseline-types.ts';
import { areNoChanges, changeLines, countedChanges, someChanges } from '../changes/change-words.ts';
import { findChanges } from '../changes/find-changes.ts';
import type { Changes } from '../changes/read-changes.ts';
import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a machine is expected to be. */
export interface MachineMatchers {
  /**
   * Nothing but this has changed since a baseline: packages by version; files by content, mode and owner, but for those that
   * change by themselves. Looked at once, without waiting; the time limit is 5 minutes by default.
   *
   * @param since @default the last `baseline()` of the machine; where the test took none, the checkpoint that it began at
   * @throws GoqemuError `baseline-missing` where there is neither
   */
  toHaveChangedOnly(allowed: AllowedChanges, since?: Baseline, options?: WaitOptions): Promise<void>;
}

export function machineMatchers(machine: ProbedMachine, check: Check): MachineMatchers {
  return {
    toHaveChangedOnly: (allowed, since, options) =>
      check('toHaveChangedOnly', [allowed], { timeout: '5 min', ...options }, (what) => {
        const rules = readAllowed(what, allowed);
        return changesQuestion(machine, since, rules);
      }),
  };
}

function changesQuestion(machine: ProbedMachine, since: Baseline | undefined, rules: ChangeRules): Question<Changes> {
  return {
    once: true,
    expected: `no changes but ${rulesWords(rules)}`,
    expectedValue: rules,
    ask: async (call) => findChanges(machine, since ?? (await usualBaseline(machine)), rules, call),
    holds: areNoChanges,
    got: (changes) => (areNoChanges(changes) ? 'no others' : `changes of ${countedChanges(changes)} besides`),
    gotValue: someChanges,
    evidence: async (changes) =>
      changes && { title: 'what has changed besides', text: changeLines(changes), from: 'start' },
  };
}
