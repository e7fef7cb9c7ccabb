import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolders } from '@goqemu/core';

const run = promisify(execFile);

/** Debian's own, from the package debian-archive-keyring. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Milliseconds for each command of apt: a mirror that does not answer must not hold up the tests. */
const aptTimeoutMs = 120_000;

export interface PackagesWanted {
  /** Of the folder in the workspace's `.cache`. */
  readonly name: string;
  /** The suite that they come from, given the host's own release. */
  readonly suite: (release: string) => string;
  readonly packages: readonly string[];
}

/**
 * Packages of another suite of the Debian mirror that the host's apt uses, unpacked with `dpkg -x` and never installed:
 * nothing of the host's apt is changed. Unpacked once.
 *
 * @returns the folder that takes the place of `/`
 */
export async function unpackPackages(wanted: PackagesWanted): Promise<string> {
  const cache = join(workspaceRoot(process.cwd()), '.cache');
  const root = join(cache, wanted.name);
  if (existsSync(root)) return root;
  makeFolders(cache);
  const draft = await mkdtemp(join(cache, `${wanted.name}-`));
  try {
    await unpack(draft, wanted);
    // Another test may have been first: its result is as good.
    await rename(join(draft, 'root'), root).catch((error) => {
      if (!existsSync(root)) throw error;
    });
    return root;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function unpack(folder: string, { suite, packages }: PackagesWanted): Promise<void> {
  const { uri, release } = await hostMirror();
  const list = join(folder, 'sources.list');
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  await writeFile(list, `deb ${signed}${uri} ${suite(release)} main\n`);
  makeFolders(join(folder, 'lists/partial'));
  await mkdir(join(folder, 'debs'));
  const own = [
    ...['-o', `Dir::Etc::SourceList=${list}`, '-o', 'Dir::Etc::SourceParts=/dev/null'],
    ...['-o', `Dir::State::Lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${folder}`],
    // A mirror that stands still has sources of sid whose time is over.
    ...['-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Languages=none', '-o', 'Acquire::Check-Valid-Until=false'],
  ];
  const apt = (args: string[]) =>
    run('apt-get', [...own, ...args], { cwd: join(folder, 'debs'), timeout: aptTimeoutMs });
  await apt(['update']);
  await apt(['download', ...packages.map((name) => `${name}/${suite(release)}`)]);
  for (const file of await readdir(join(folder, 'debs')))
    await run('dpkg', ['-x', join(folder, 'debs', file), join(folder, 'root')]);
}

async function hostMirror(): Promise<{ readonly uri: string; readonly release: string }> {
  const targets = await run('apt-get', [
    'indextargets',
    ...['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'],
  ]);
  const [uri, release] =
    targets.stdout
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, name = '', component]) => component === 'main' && /^[a-z]+$/.test(name)) ?? [];
  if (!uri || !release) throw new Error('apt knows no package source of a Debian release');
  return { uri, release };
}

function workspaceRoot(folder: string): string {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('this is not run inside the workspace');
  return workspaceRoot(parent);
}
