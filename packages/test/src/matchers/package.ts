import { askGuest } from '../ask/ask-guest.ts';
import type { Question } from '../expect/question.ts';
import { checkPattern, matches, type TextPattern } from '../options/text-pattern.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a package is expected to be, as dpkg, rpm or apk says. */
export interface PackageMatchers {
  /** It is installed, completely. */
  toBeInstalled(options?: WaitOptions): Promise<void>;
  /** It is installed in this version, or one in which the expression is found. That of rpm is `[EPOCH:]VERSION-RELEASE`. */
  toHaveVersion(version: TextPattern, options?: WaitOptions): Promise<void>;
}

export type PackageProbe = ProbeOf<'package', string>;

interface PackageState {
  /** In dpkg's words; `installed` where it is. */
  readonly state: string;
  readonly version: string;
}

export function packageMatchers(probe: PackageProbe, check: Check): PackageMatchers {
  return {
    toBeInstalled: (options) =>
      check('toBeInstalled', [], options, () => packageQuestion(probe, 'installed', isInstalled)),
    toHaveVersion: (version, options) =>
      check('toHaveVersion', [version], options, (what): Question<PackageState> => {
        checkPattern(what, 'version', version);
        const expected = `version ${typeof version === 'string' ? version : `with ${version}`}`;
        return {
          ...packageQuestion(probe, expected, (state) =>
            isInstalled(state) ? matches(state.version, version) : undefined,
          ),
          expectedValue: version,
          gotValue: (state) => state.version || undefined,
        };
      }),
  };
}

function isInstalled({ state }: PackageState): boolean {
  return state === 'installed';
}

function packageQuestion(
  { subject, machine: { guest } }: PackageProbe,
  expected: string,
  holds: (state: PackageState) => boolean | undefined,
): Question<PackageState> {
  return {
    expected,
    holds,
    ask: async (call) => {
      const { stdout } = await askGuest(guest, call, { script: query, words: [subject] });
      const lines = stdout.split('\n').filter(Boolean);
      const line = lines.find((one) => one.startsWith('installed ')) ?? lines[0] ?? 'not-installed';
      const [state = '', version = ''] = line.split(' ');
      return { state, version };
    },
    got: (state) =>
      isInstalled(state) ? `version ${state.version}` : state.state === 'not-installed' ? 'not installed' : state.state,
  };
}

/**
 * A line `STATE VERSION` for each architecture in which it is there. Busybox has an rpm of its own, without a database, which
 * RPM has at /var/lib/rpm, at least as a link. `apk info` has no query for a version, so the database is read: a paragraph
 * for each package, P: its name, V: its version (apk-tools, apk-package(5)).
 */
const query = `known=
if has dpkg-query; then known=1; dpkg-query -W -f '\${db:Status-Status} \${Version}\\n' -- "$1" 2>/dev/null && exit 0; fi
if has rpm && [ -d /var/lib/rpm ]; then known=1; rpm -q --qf 'installed %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' -- "$1" 2>/dev/null | grep '^installed ' && exit 0; fi
if [ -f /lib/apk/db/installed ]; then known=1
awk -v name="$1" '/^P:/ { here = substr($0, 3) == name } here && /^V:/ { print "installed " substr($0, 3); exit }' /lib/apk/db/installed; fi
[ -n "$known" ] || lacks 'package manager that goqemu knows (dpkg, rpm, apk)'`;
