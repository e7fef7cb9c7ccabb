import { existsSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { capture, run } from '../run/run.mjs';
import { say } from '../run/say.mjs';

/** The packages of `wanted` that dpkg does not have. One process, some milliseconds. */
export async function missingPackages(wanted) {
  const { stdout } = await capture('dpkg-query', [
    '-W',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
    '-f=${Package} ${db:Status-Status}\\n',
    ...wanted.map((entry) => entry.name),
  ]);
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return wanted.filter((entry) => !installed.has(entry.name));
}

/** Installs Debian packages, refreshing the package lists only where that is needed. */
export async function aptInstall(packages) {
  const names = packages.map((entry) => entry.name);
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names];
  const superuser = await superuserPrefix();
  if (!superuser) {
    say(`  sudo is missing and this is not root; as root, type:\n    ${install.join(' ')}`);
    return false;
  }
  const apt = (args) =>
    run(...commandOf(superuser, args), { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const releaseServices = packages.some((entry) => entry.service) ? holdServices() : () => undefined;
  try {
    const fresh = listsAreFresh();
    if (!fresh && (await apt(['apt-get', 'update', '-q'])) !== 0)
      say('  the package lists could not be refreshed; trying with the old ones');
    if ((await apt(install)) === 0) return true;
    // An old list names versions that the mirror no longer has.
    return fresh && (await apt(['apt-get', 'update', '-q'])) === 0 && (await apt(install)) === 0;
  } finally {
    releaseServices();
  }
}

function commandOf(superuser, args) {
  const [command, ...rest] = [...superuser, ...args];
  return [command, rest];
}

async function superuserPrefix() {
  if (process.getuid?.() === 0) return [];
  const { code } = await capture('sudo', ['--version']);
  if (code !== 0) return undefined;
  // sudo's own reset of the environment would drop the variable.
  return [...(process.stdin.isTTY ? ['sudo'] : ['sudo', '-n']), 'DEBIAN_FRONTEND=noninteractive'];
}

function listsAreFresh() {
  const folder = '/var/lib/apt/lists';
  if (!existsSync(folder)) return false;
  const lists = readdirSync(folder).filter((name) => name.includes('_Packages'));
  const newest = Math.max(0, ...lists.map((name) => statSync(`${folder}/${name}`).mtimeMs));
  return Date.now() - newest < 30 * 24 * 3600_000;
}

/**
 * The tests want the programs of these packages, not a new server on the developer's network: Debian's
 * policy-rc.d (invoke-rc.d(8)) says no to starting services while it is there. Only root can write it.
 */
function holdServices() {
  const policy = '/usr/sbin/policy-rc.d';
  if (process.getuid?.() !== 0 || existsSync(policy)) return () => undefined;
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => unlinkSync(policy);
}
