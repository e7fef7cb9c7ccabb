import { GoqemuError } from '@goqemu/core';
import type { DebianRecipe } from './debian-recipe.ts';
import { runTool, type ToolRun } from './run-tool.ts';

/** Where the host's apt gets Debian from, and how it insists on the age of what it gets. */
export interface AptMirror {
  /** Lines of a sources.list for the release that is to be built. */
  readonly sources: readonly string[];
  /** Options for apt that hold for these sources wherever they are used, the guest included. */
  readonly validity: readonly string[];
  /** apt's proxies as environment variables: they may hold a password, which has no place in an argument list. */
  readonly proxies: Readonly<Record<string, string>>;
}

/** Fields of `apt-get indextargets`, apt's own account of its sources in any of its file formats. */
const format = '$(REPO_URI)\t$(RELEASE)\t$(ORIGIN)\t$(LABEL)';

/** The suite that is wanted of a mirror; a rolling one is alone there. */
export type MirrorSuite = Pick<DebianRecipe, 'suite' | 'rolling'>;

/**
 * Reads the host's apt configuration for its Debian mirror and puts `suite` in the place of the host's own release.
 *
 * @throws GoqemuError `debian-mirror-missing` when the host's apt knows none, as on Ubuntu and outside Debian
 */
export async function readAptMirror(wanted: MirrorSuite, run: ToolRun = {}): Promise<AptMirror> {
  const targets = await runTool('apt-get', ['indextargets', '--format', format, 'Identifier: Packages'], run).catch(
    (cause: unknown) => {
      run.signal?.throwIfAborted();
      throw mirrorMissing(cause);
    },
  );
  const configuration = await runTool('apt-config', ['dump', '--format', '%f\t%v%n'], run);
  const { validity, proxies } = aptOptions(configuration);
  return {
    sources: debianSources(targets, wanted),
    validity: validityFor(wanted, validity),
    proxies,
  };
}

/**
 * A suite that is never released may have expired on a mirror. No other may: its expiry keeps a mirror from holding
 * updates back. Exported for its tests.
 */
export function validityFor({ rolling }: MirrorSuite, validity: readonly string[]): readonly string[] {
  if (!rolling) return validity;
  const checked = validity.filter((option) => !option.startsWith('Acquire::Check-Valid-Until'));
  return [...checked, 'Acquire::Check-Valid-Until "false";'];
}

/** The sources.list lines for a suite from the output of `apt-get indextargets`; exported for its tests. */
export function debianSources(targets: string, { suite, rolling }: MirrorSuite): string[] {
  const lines = new Set<string>();
  for (const target of targets.split('\n')) {
    const [uri = '', release = '', origin = '', label = ''] = target.split('\t');
    if (!/^(https?|file|copy):\/[^\s[\]]+$/.test(uri)) continue;
    // ORIGIN and LABEL are left as they were written when no Release file has been fetched yet.
    if (origin !== 'Debian' && !(origin.startsWith('$(') && /\/debian(-security)?\/$/.test(uri))) continue;
    const security = label === 'Debian-Security' || /-security$/.test(release);
    if (!security && !/^[a-z]+$/.test(release)) continue; // -updates comes with its main suite, -backports is not wanted
    if (security) {
      if (!rolling) lines.add(`deb ${uri} ${suite}-security main`);
    } else if (rolling) lines.add(`deb ${uri} ${suite} main`);
    else for (const name of [suite, `${suite}-updates`]) lines.add(`deb ${uri} ${name} main`);
  }
  const sources = [...lines].sort();
  if (!sources.some((line) => line.endsWith(` ${suite} main`))) throw mirrorMissing();
  return sources;
}

/** From the output of `apt-config dump`; exported for its tests. */
export function aptOptions(configuration: string): Pick<AptMirror, 'validity' | 'proxies'> {
  const validity: string[] = [];
  const proxies: Record<string, string> = {};
  const direct: string[] = [];
  for (const line of configuration.split('\n')) {
    const [name = '', value = ''] = line.split('\t');
    if (value === '' || /["\\]/.test(value)) continue;
    if (/^Acquire::(Check-Valid-Until|Check-Date|Max-ValidTime)$/.test(name)) validity.push(`${name} "${value}";`);
    const [, scheme, host] = /^Acquire::(https?)::Proxy(?:::([\w.-]+))?$/.exec(name) ?? [];
    if (scheme && host && value === 'DIRECT') direct.push(host);
    else if (scheme && !host && value !== 'DIRECT') proxies[`${scheme}_proxy`] = value;
  }
  return { validity, proxies: direct.length > 0 ? { ...proxies, no_proxy: direct.join(',') } : proxies };
}

function mirrorMissing(cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'debian-mirror-missing',
    source: 'environment',
    message: "the host's apt knows no Debian mirror that an image could be built from",
    hint: 'build on a Debian host (after apt-get update), or give the image as a local file',
    ...(cause === undefined ? {} : { cause }),
  });
}
