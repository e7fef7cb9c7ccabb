import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { candidatesError } from './candidates-error.ts';
import type { BisectEnds, BisectSubject, Candidate } from './subject.ts';

/** Milliseconds for a look into a repository. */
const gitMs = 60_000;

/** Reads a tar on standard input, and prints the folder that has it. */
const unpack = 'folder=$(mktemp -d /tmp/goqemu-bisect.XXXXXX) && tar -C "$folder" -xf - && printf %s "$folder"';

/**
 * The revisions of a repository on this host, along the first parents (git-rev-list(1)). Of each the guest gets the files of
 * the folder, without those that `export-ignore` leaves out (git-archive(1)).
 */
export function gitRevisions(path: string, workingFolder: string): BisectSubject {
  const folder = resolve(workingFolder, path);
  return {
    candidates: (ends, _inMachine, signal) => revisions(folder, ends, signal),
    prepare: async (session, { value }, signal) => {
      const archive = spawn('git', ['archive', '--format=tar', value], {
        ...{ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal },
      });
      // Read from now on: Node.js drops what nothing reads when a process has ended (child_process, flushStdio).
      const input = archive.stdout.pipe(new PassThrough());
      const [made, unpacked] = await Promise.all([
        endOf(archive),
        session.exec(unpack, { input, timeoutMs: 10 * gitMs, signal, label: 'unpack the revision' }),
      ]);
      if (made.code !== 0) throw candidatesError(`git could not archive ${value}`, 'look at its message', made.stderr);
      if (unpacked.exitCode !== 0)
        throw candidatesError(
          `the guest could not unpack ${value}`,
          'it needs tar, and room in /tmp',
          unpacked.stderr.trim(),
        );
      return unpacked.stdout;
    },
  };
}

/** @throws what the signal is aborted with */
async function endOf(child: ChildProcessByStdio<null, Readable, Readable>) {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr: stderr.trim() };
}

async function revisions(
  folder: string,
  { good, bad }: BisectEnds,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const git = (...words: string[]) => runGit(folder, words, signal);
  const [first, last] = [await commit(git, 'good', good), await commit(git, 'bad', bad)];
  const format = '--format=%H %h %s';
  const lines = [
    ...(await git('log', '-1', format, first)).stdout.split('\n'),
    ...(await git('log', '--reverse', '--first-parent', format, `${first}..${last}`)).stdout.split('\n'),
  ].filter(Boolean);
  const isBelow = (await git('merge-base', '--is-ancestor', first, last)).exitCode === 0;
  if (!isBelow || first === last)
    throw candidatesError(
      `--good ${good} is no ancestor of --bad ${bad}`,
      'give a revision that the bad one was made from: git merge-base names one',
    );
  return lines.map((line) => ({ value: line.slice(0, line.indexOf(' ')), title: line.slice(line.indexOf(' ') + 1) }));
}

type Git = (...words: string[]) => ReturnType<typeof runGit>;

async function commit(git: Git, name: string, revision: string): Promise<string> {
  const { exitCode, stdout, stderr } = await git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`);
  if (exitCode === 0) return stdout.trim();
  throw candidatesError(
    `--${name} ${revision} is no revision`,
    'name a commit, tag or branch of the repository; another repository is named by --git FOLDER',
    stderr.trim(),
  );
}

async function runGit(cwd: string, words: readonly string[], cancelSignal: AbortSignal) {
  const { execa } = await import('execa'); // late: most commands start no program
  const result = await execa('git', words, { cwd, cancelSignal, timeout: gitMs, reject: false, env: { LC_ALL: 'C' } });
  cancelSignal.throwIfAborted();
  if (result.exitCode === undefined)
    throw candidatesError(
      'git cannot be run',
      'install git, or search in a list with --list FILE',
      result.shortMessage,
    );
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}
