import { shellQuote, visibleWord } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import { candidatesError } from './candidates-error.ts';
import { between } from './listed-values.ts';
import type { BisectSubject } from './subject.ts';

/** Milliseconds for apt to tell versions, and to install one. */
const askMs = 2 * 60_000;
const installMs = 30 * 60_000;

/** The versions of a package that the guest's apt knows (apt-cache(8), madison), as sort -V orders them. */
export function packageVersions(name: string): BisectSubject {
  if (!/^[a-z0-9][a-z0-9+.-]*$/.test(name))
    throw candidatesError(
      `--package ${visibleWord(name)} is no name of a package`,
      'name a package of Debian: --package nginx',
    );
  return {
    candidates: async (ends, inMachine, signal) => {
      const known = await inMachine((session) => versions(name, session, signal));
      return between(known, ends, `the versions of ${name}`);
    },
    prepare: async (session, { value }, signal) => {
      const install = ['apt-get', 'install', '-y', '-q', '--allow-downgrades', `${name}=${value}`];
      const { exitCode, stdout, stderr } = await session.exec(install, {
        ...{ user: 'root', environment: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: installMs, signal },
      });
      if (exitCode !== 0)
        throw candidatesError(
          `${name} ${visibleWord(value)} cannot be installed`,
          'look at what apt-get says',
          `${stdout}${stderr}`.trim().slice(-2000),
        );
      return undefined;
    },
  };
}

async function versions(name: string, session: GuestSession, signal: AbortSignal): Promise<readonly string[]> {
  const script = `apt-cache madison ${shellQuote(name)} | awk -F ' *[|] *' '{ print $2 }' | sort -uV`;
  const { exitCode, stdout, stderr } = await session.exec(script, { timeoutMs: askMs, signal });
  const found = stdout.split('\n').filter(Boolean);
  if (exitCode === 0 && found.length > 0) return found;
  throw candidatesError(
    `the machine's apt knows no versions of ${name}`,
    'the checkpoint needs apt, its lists of packages, and a repository with the old versions',
    stderr.trim() || 'apt-cache madison printed nothing',
  );
}
