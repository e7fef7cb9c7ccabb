import { join, resolve } from 'node:path';
import { usageError } from '../../arguments/usage-error.ts';
import { resultsFolder } from './last-run.ts';

/** Reporters of Node's runner. */
const ofNode = ['spec', 'dot', 'tap'] as const;
/** Of goqemu, as documents. */
const documents = ['junit', 'json', 'html'] as const;

/** How the results of a run are reported. */
export interface Reporters {
  /** Of Node's runner, on standard output; undefined: it prints nothing. */
  readonly node: (typeof ofNode)[number] | undefined;
  /** Where each document goes: absolute, or `stdout`. */
  readonly junit: readonly string[];
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
    node: ofNode.find((name) => of(name).length > 0),
    junit: of('junit'),
    json: of('json'),
    html: of('html'),
    github: of('github').length > 0 || env.GITHUB_ACTIONS === 'true',
  };
}

function read(text: string, workingFolder: string): { readonly name: string; readonly destination: string } {
  const [, name = text, file] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === 'github' && file === undefined) return { name, destination: '' };
  const known: readonly string[] = file === undefined ? [...ofNode, ...documents] : documents;
  if (!known.includes(name) || file === '')
    throw usageError(
      `--reporter: ${JSON.stringify(text)} is no reporter`,
      'reporters are spec, dot, tap and github; junit, json and html, also as NAME=FILE',
    );
  if (file !== undefined) return { name, destination: resolve(workingFolder, file) };
  return { name, destination: name === 'html' ? join(resultsFolder(workingFolder), 'report.html') : 'stdout' };
}
