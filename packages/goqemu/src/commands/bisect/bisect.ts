import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  anySignal,
  formatByteSize,
  formatDuration,
  GoqemuError,
  hasErrorCode,
  isGoqemuError,
  visibleWord,
} from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { gitRevisions } from '../../bisect/git-revisions.ts';
import { listedValues } from '../../bisect/listed-values.ts';
import { packageVersions } from '../../bisect/package-versions.ts';
import { search, type Verdict } from '../../bisect/search.ts';
import type { BisectEnds, BisectSubject, Candidate, InMachine } from '../../bisect/subject.ts';
import { readParametersFor } from '../../lab/evaluate-for.ts';
import { fittingForks } from '../../lab/fitting-forks.ts';
import { type OpenFork, openFork } from '../../lab/open-fork.ts';
import { type OpenLab, openDeployedLab } from '../../lab/open-lab.ts';
import { reachMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { BisectOptions } from './bisect.spec.ts';

type Input = CommandInput<BisectOptions>;

/** Of git bisect run: neither good nor bad. */
const cannotTell = 125;

export async function run(context: CommandContext, input: Input): Promise<number> {
  const { options, rest } = input;
  const { good, bad, at } = options;
  if (good === undefined || bad === undefined)
    throw usageError('which ones are good and bad?', 'write --good VALUE --bad VALUE');
  if (at === undefined) throw usageError('at which checkpoint does each try begin?', 'write --at CHECKPOINT');
  const subject = subjectOf(options, context.shell.workingFolder);
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const parameters = 'definition' in lab ? await readParametersFor(context, lab.definition, options) : {};
  const forks: Forks = { context, lab, at, parameters, machine: options.machine, id: randomBytes(3).toString('hex') };
  const tries = new Tries(forks, {
    subject,
    command: rest,
    user: options.user,
    timeoutMs: (options.timeout ?? 600) * 1000,
  });
  const candidates = await candidatesOf(subject, { good, bad }, forks);
  const width = await chooseWidth(context, lab, options.workers, candidates.length);
  context.tell(`${candidates.length} candidates, ${width} at a time`);
  const verdict = (index: number, signal: AbortSignal) => tries.run(candidates[index] as Candidate, signal);
  await checkEnds(candidates, tries);
  const { lastGood, firstBad } = await search({ count: candidates.length, width, probe: verdict });
  return report(context, { candidates, lastGood, firstBad, tries: tries.done, isJson: Boolean(options.json) });
}

function subjectOf({ git, package: name, list }: Input['options'], workingFolder: string): BisectSubject {
  if ([git, name, list].filter((one) => one !== undefined).length > 1)
    throw usageError('one search is in one thing', 'write one of --git, --package and --list');
  if (list !== undefined) return listedValues(list, workingFolder);
  return name === undefined ? gitRevisions(git ?? '.', workingFolder) : packageVersions(name);
}

/** What each try is made from. */
interface Forks {
  readonly context: CommandContext;
  readonly lab: OpenLab;
  readonly at: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly machine: string | undefined;
  readonly id: string;
}

async function forkOf({ lab, at, parameters, id }: Forks, number: number, signal: AbortSignal): Promise<OpenFork> {
  return openFork(lab, { checkpoint: at, name: `bisect-${id}-${number}`, parameters, signal });
}

async function sessionIn({ context, machine }: Forks, fork: OpenFork) {
  const [only = '', ...others] = fork.machines;
  if (machine === undefined && others.length > 0)
    throw usageError(`in which machine? The lab has ${fork.machines.join(', ')}`, 'write --machine MACHINE');
  const { endpoints } = await reachMachine(context, fork, machine ?? only);
  return endpoints.openSession();
}

async function candidatesOf(subject: BisectSubject, ends: BisectEnds, forks: Forks): Promise<readonly Candidate[]> {
  const { interrupt } = forks.context.shell;
  const inMachine: InMachine = async (work) => {
    await using fork = await forkOf(forks, 0, interrupt);
    await using session = await sessionIn(forks, fork);
    return await work(session);
  };
  return await subject.candidates(ends, inMachine, interrupt);
}

async function chooseWidth(
  { tell, shell }: CommandContext,
  lab: OpenLab,
  asked: number | undefined,
  most: number,
): Promise<number> {
  const wanted = Math.min(asked ?? availableParallelism(), most);
  const room = await lab.engine.forkRoom({ signal: shell.interrupt });
  const fit = fittingForks(room);
  if (fit >= wanted) return wanted;
  tell(
    `${fit} of ${wanted} tries at a time: a fork may need ${formatByteSize(room.needed)} of memory, and the host has ${formatByteSize(room.available)}`,
  );
  return fit;
}

/** One that was tried. */
interface Try {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  /** Null where the command did not end by itself. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The end of what it printed, or why it could not be tried. */
  readonly output: string;
}

interface TriedCommand {
  readonly subject: BisectSubject;
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly timeoutMs: number;
}

/** Tries candidates, each in a fork of its own, and tells how each was. */
class Tries {
  readonly #forks: Forks;
  readonly #tried: TriedCommand;
  readonly done: Try[] = [];
  #count = 0;

  constructor(forks: Forks, tried: TriedCommand) {
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

/** @throws GoqemuError `bisect-ends` */
async function checkEnds(candidates: readonly Candidate[], tries: Tries): Promise<void> {
  const ends = [
    { name: 'good', candidate: candidates[0] as Candidate },
    { name: 'bad', candidate: candidates.at(-1) as Candidate },
  ];
  for (const { name, candidate } of ends) {
    const verdict = await tries.run(candidate, new AbortController().signal);
    if (verdict === name) continue;
    const detail = tries.done.at(-1)?.output.trim().slice(-2000);
    throw new GoqemuError({
      code: 'bisect-ends',
      source: 'user',
      subject: candidate.value,
      message: `--${name} ${visibleWord(candidate.title)} ${verdict === 'skipped' ? 'cannot be tested' : `is ${verdict}`}`,
      hint: 'give an end further away, or correct COMMAND: 0 says good, 125 that it cannot be tested, and anything else bad',
      ...(detail ? { detail } : {}),
    });
  }
}

interface Found {
  readonly candidates: readonly Candidate[];
  readonly lastGood: number;
  readonly firstBad: number;
  readonly tries: readonly Try[];
  readonly isJson: boolean;
}

function report(context: CommandContext, { candidates, lastGood, firstBad, tries, isJson }: Found): number {
  const possible = candidates.slice(lastGood + 1, firstBad + 1);
  if (isJson) {
    context.printJson({
      ...{ version: 1, lastGood: candidates[lastGood]?.value, firstBad: possible.map(({ value }) => value) },
      tries: tries.map(({ candidate, verdict, exitCode: code, durationMs, output }) => ({
        ...{ value: candidate.value, title: candidate.title, verdict, exitCode: code },
        ...{ durationSeconds: durationMs / 1000, output },
      })),
    });
  } else {
    const words = possible.map(({ title }) => visibleWord(title));
    context.print(
      words.length === 1
        ? `the first bad one is ${words[0]}\n`
        : `the first bad one is one of these, of which all but the last could not be tested:\n${words.map((word) => `  ${word}\n`).join('')}`,
    );
  }
  return possible.length === 1 ? exitCode.done : exitCode.failed;
}
