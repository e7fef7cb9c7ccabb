import type { Command } from '@goqemu/guest';
import { shortWord } from '../expect/bounded.ts';
import type { Question } from '../expect/question.ts';
import { textDiff, textWords } from '../expect/text-diff.ts';
import { optionInvalid } from '../options/check-options.ts';
import { checkPattern, matches, type TextPattern } from '../options/text-pattern.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { TestedCommandResult } from '../tested-guest.ts';
import type { Check } from './check.ts';

/** What a command is expected to do. It runs again until it does so: what it changes, it changes each time. */
export interface CommandMatchers {
  /** It ends with exit code 0. */
  toSucceed(options?: WaitOptions): Promise<void>;
  /** It ends with this exit code. */
  toHaveExitCode(code: number, options?: WaitOptions): Promise<void>;
  /** Its standard output is this text, or the expression is found in it; however it ends. */
  toPrint(output: TextPattern, options?: WaitOptions): Promise<void>;
}

export interface CommandSubject {
  readonly command: Command;
  readonly sudo: boolean;
}

export type CommandProbe = ProbeOf<'command', CommandSubject>;

export function commandMatchers(probe: CommandProbe, check: Check): CommandMatchers {
  return {
    toSucceed: (options) => check('toSucceed', [], options, () => exitQuestion(probe, 0)),
    toHaveExitCode: (code, options) =>
      check('toHaveExitCode', [code], options, (what) => {
        if (!Number.isInteger(code) || code < 0 || code > 255)
          throw optionInvalid(what, 'code', 'a whole number from 0 to 255', code);
        return exitQuestion(probe, code);
      }),
    toPrint: (output, options) =>
      check('toPrint', [output], options, (what) => printQuestion(probe, checkPattern(what, 'output', output))),
  };
}

type Judged = Pick<
  Question<TestedCommandResult>,
  'expected' | 'expectedValue' | 'holds' | 'got' | 'gotValue' | 'evidence'
>;

function commandQuestion({ subject, machine: { guest } }: CommandProbe, judged: Judged): Question<TestedCommandResult> {
  const { command, sudo } = subject;
  return {
    ...judged,
    ask: ({ timeoutMs, signal }) =>
      guest.exec(command, {
        ...(sudo ? { sudo } : {}),
        timeout: Math.max(1, Math.ceil(timeoutMs)),
        ...(signal ? { signal } : {}),
      }),
  };
}

function exitQuestion(probe: CommandProbe, code: number): Question<TestedCommandResult> {
  return commandQuestion(probe, {
    expected: `exit code ${code}`,
    expectedValue: code,
    holds: ({ exitCode }) => exitCode === code,
    got: ({ exitCode }) => (exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`),
    gotValue: ({ exitCode }) => exitCode,
    evidence: async (result) => lastWords(result),
  });
}

function printQuestion(probe: CommandProbe, output: TextPattern): Question<TestedCommandResult> {
  return commandQuestion(probe, {
    expected: typeof output === 'string' ? `the output ${shortWord(output)}` : `an output with ${output}`,
    expectedValue: output,
    holds: ({ stdout }) => matches(stdout, output),
    got: ({ stdout, exitCode }) => {
      const end = exitCode === 0 ? '' : `, and ${exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`}`;
      return `${textWords(stdout, 'output')}${end}`;
    },
    gotValue: ({ stdout }) => stdout,
    evidence: async (result) => (result?.stdout ? textDiff(output, result.stdout, 'output') : lastWords(result)),
  });
}

function lastWords(result: TestedCommandResult | undefined) {
  if (!result) return undefined;
  const text = [result.stdout, result.stderr]
    .map((one) => one.trimEnd())
    .filter(Boolean)
    .join('\n');
  return { title: 'it printed', text: text || '(nothing)', from: 'end' } as const;
}
