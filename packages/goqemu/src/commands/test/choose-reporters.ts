import { join, resolve } from 'node:path';
import { usageError } from '../../arguments/usage-error.ts';
import { resultsFolder } from './last-run.ts';

/** Reporters of Node's runner. */
const ofNode = ['spec', 'dot', 'tap', 'junit'] as const;
type NodeReporter = (typeof ofNode)[number];

/** How the results of a run are reported. */
export interface Reporters {
  /** Of Node's runner, each with an absolute path, or `stdout`. */
  readonly node: readonly { readonly name: NodeReporter; readonly destination: string }[];
  /** Of goqemu: where each document goes, absolute, or `stdout`. */
  readonly json: readonly string[];
  readonly html: readonly string[];
  readonly github: boolean;
}

/**
 * Reads `--reporter NAME[=FILE]`.
 *
 * @throws GoqemuError `usage`
 */
export function chooseReporters(
  given: readonly string[],
  {
    workingFolder,
    env,
  }: { readonly workingFolder: string; readonly env: Readonly<Record<string, string | undefined>> },
): Reporters {
  const asked = given.map((text) => read(text, workingFolder));
  const printed = asked.filter(({ destination }) => destination === 'stdout');
  if (printed.length > 1)
    throw usageError(
      `only one reporter can write to standard output, got ${printed.map(({ name }) => name).join(' and ')}`,
      `give the others files, as in --reporter ${printed.at(-1)?.name}=results.txt`,
    );
  const all = printed.length > 0 ? asked : [{ name: 'spec', destination: 'stdout' }, ...asked];
  const of = (name: string) => all.filter((one) => one.name === name).map(({ destination }) => destination);
  return {
    node: ofNode.flatMap((name) => of(name).map((destination) => ({ name, destination }))),
    json: of('json'),
    html: of('html'),
    github: of('github').length > 0 || env.GITHUB_ACTIONS === 'true',
  };
}

function read(text: string, workingFolder: string): { readonly name: string; readonly destination: string } {
  const [, name = text, file] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === 'github' && file === undefined) return { name, destination: '' };
  if (![...ofNode, 'json', 'html'].includes(name) || file === '')
    throw usageError(
      `--reporter: ${JSON.stringify(text)} is no reporter`,
      'reporters are spec, dot, tap, junit, json and html, each also as NAME=FILE, and github',
    );
  if (file !== undefined) return { name, destination: resolve(workingFolder, file) };
  return { name, destination: name === 'html' ? join(resultsFolder(workingFolder), 'report.html') : 'stdout' };
}
