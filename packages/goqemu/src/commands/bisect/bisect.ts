import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { GoqemuError, visibleWord } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { gitRevisions } from '../../bisect/git-revisions.ts';
import { listedValues } from '../../bisect/listed-values.ts';
import { packageVersions } from '../../bisect/package-versions.ts';
import { search } from '../../bisect/search.ts';
import type { BisectEnds, BisectSubject, Candidate, InMachine } from '../../bisect/subject.ts';
import { Tries, type Try } from '../../bisect/tries.ts';
import { forkOf, sessionIn, type TryForks } from '../../bisect/try-forks.ts';
import { readParametersFor } from '../../lab/evaluate-for.ts';
import { forksAtATime } from '../../lab/forks-at-a-time.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { BisectOptions } from './bisect.spec.ts';

type Input = CommandInput<BisectOptions>;

export async function run(context: CommandContext, input: Input): Promise<number> {
  const { options, rest } = input;
  const { good, bad, at } = options;
  if (good === undefined || bad === undefined)
    throw usageError('which ones are good and bad?', 'write --good VALUE --bad VALUE');
  if (at === undefined) throw usageError('at which checkpoint does each try begin?', 'write --at CHECKPOINT');
  const subject = subjectOf(options, context.shell.workingFolder);
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const parameters = 'definition' in lab ? await readParametersFor(context, lab.definition, options) : {};
  const forks: TryForks = {
    context,
    lab,
    at,
    parameters,
    machine: options.machine,
    id: randomBytes(3).toString('hex'),
  };
  const tries = new Tries(forks, {
    subject,
    command: rest,
    user: options.user,
    timeoutMs: (options.timeout ?? 600) * 1000,
  });
  const candidates = await candidatesOf(subject, { good, bad }, forks);
  const wanted = Math.min(options.workers ?? availableParallelism(), candidates.length);
  const room = await lab.engine.forkRoom({ signal: context.shell.interrupt });
  const width = forksAtATime(context, { wanted, rooms: [room], what: 'tries' });
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

async function candidatesOf(subject: BisectSubject, ends: BisectEnds, forks: TryForks): Promise<readonly Candidate[]> {
  const { interrupt } = forks.context.shell;
  const inMachine: InMachine = async (work) => {
    await using fork = await forkOf(forks, 0, interrupt);
    await using session = await sessionIn(forks, fork);
    return await work(session);
  };
  return await subject.candidates(ends, inMachine, interrupt);
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
    tellOutput(
      context,
      tries.findLast(({ candidate }) => candidate === candidates[firstBad]),
    );
    const words = possible.map(({ title }) => visibleWord(title));
    context.print(
      words.length === 1
        ? `the first bad one is ${words[0]}\n`
        : `the first bad one is one of these, of which all but the last could not be tested:\n${words.map((word) => `  ${word}\n`).join('')}`,
    );
  }
  return possible.length === 1 ? exitCode.done : exitCode.failed;
}

/** Lines of the first bad one's output that are shown. */
const shownLines = 20;

/** Why it is bad. */
function tellOutput(context: CommandContext, bad: Try | undefined): void {
  const lines = bad?.output.trimEnd().split('\n') ?? [''];
  if (!bad || lines.join('') === '') return;
  const left = lines.length > shownLines ? `, its last ${shownLines} lines` : '';
  const shown = lines.slice(-shownLines).map((line) => `\n  ${line}`);
  context.tell(`output of ${visibleWord(bad.candidate.title)}${left}:${shown.join('')}`);
}
