import { anySignal, formatDuration, hasErrorCode, isGoqemuError, visibleWord } from '@goqemu/core';
import type { Verdict } from './search.ts';
import type { BisectSubject, Candidate } from './subject.ts';
import { forkOf, sessionIn, type TryForks } from './try-forks.ts';

/** Of git bisect run: neither good nor bad. */
const cannotTell = 125;

/** One that was tried. */
export interface Try {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  /** Null where the command did not end by itself. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The end of what it printed, or why it could not be tried. */
  readonly output: string;
}

export interface TriedCommand {
  readonly subject: BisectSubject;
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly timeoutMs: number;
}

/** Tries candidates, each in a fork of its own, and tells how each was. */
export class Tries {
  readonly #forks: TryForks;
  readonly #tried: TriedCommand;
  readonly done: Try[] = [];
  #count = 0;

  constructor(forks: TryForks, tried: TriedCommand) {
    this.#forks = forks;
    this.#tried = tried;
  }

  async run(candidate: Candidate, superfluous: AbortSignal): Promise<Verdict> {
    const { context } = this.#forks;
    const signal = anySignal(superfluous, context.shell.interrupt);
    const begun = performance.now();
    const found = await this.#try(candidate, signal);
    signal.throwIfAborted();
    const durationMs = performance.now() - begun;
    this.done.push({ ...found, candidate, durationMs });
    const code = found.exitCode === null || found.verdict === 'good' ? '' : `, exit code ${found.exitCode}`;
    context.tell(`${found.verdict.padEnd(7)} ${visibleWord(candidate.title)}  (${formatDuration(durationMs)}${code})`);
    return found.verdict;
  }

  async #try(candidate: Candidate, signal: AbortSignal): Promise<Pick<Try, 'verdict' | 'exitCode' | 'output'>> {
    const { subject, command, user, timeoutMs } = this.#tried;
    await using fork = await forkOf(this.#forks, ++this.#count, signal);
    await using session = await sessionIn(this.#forks, fork);
    let workingDirectory: string | undefined;
    try {
      workingDirectory = await subject.prepare(session, candidate, signal);
    } catch (error) {
      if (!hasErrorCode(error, 'bisect-candidates')) throw error;
      return {
        verdict: 'skipped',
        exitCode: null,
        output: isGoqemuError(error) ? `${error.message}\n${error.detail ?? ''}` : '',
      };
    }
    await session.exec(['true'], { signal }); // a guest that is not reached in time says nothing of the candidate
    try {
      const {
        exitCode: code,
        stdout,
        stderr,
      } = await session.exec(command, {
        environment: { GOQEMU_BISECT: candidate.value },
        ...{ timeoutMs, signal, maxOutputBytes: 1 << 16 },
        ...(user === undefined ? {} : { user }),
        ...(workingDirectory === undefined ? {} : { workingDirectory }),
      });
      const verdict = code === 0 ? 'good' : code === cannotTell ? 'skipped' : 'bad';
      return { verdict, exitCode: code, output: `${stdout}${stderr}` };
    } catch (error) {
      if (!hasErrorCode(error, 'timeout')) throw error;
      return { verdict: 'bad', exitCode: null, output: error.message };
    }
  }
}
