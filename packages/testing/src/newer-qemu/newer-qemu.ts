import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type NewerQemu =
  | {
      readonly found: true;
      readonly version: string;
      readonly root: string;
      readonly program: string;
      readonly firmware: string;
    }
  | { readonly found: false; readonly reason: string };

const packages = ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'qemu-utils', 'qemu-guest-agent'];

/** Debian's own, from the package debian-archive-keyring. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Milliseconds for each command of apt: a mirror that does not answer must not hold up the tests. */
const aptTimeoutMs = 120_000;

/**
 * A second, newer QEMU beside the installed one: Debian's backports, unpacked with `dpkg -x` into the workspace's
 * `.cache`, never installed. Unpacked once; `GOQEMU_NEWER_QEMU` names a folder to be used instead. Where there is
 * none, the reason says why.
 */
export async function findNewerQemu(env: NodeJS.ProcessEnv = process.env): Promise<NewerQemu> {
  try {
    const root = env.GOQEMU_NEWER_QEMU ?? (await unpackedRoot());
    const program = join(root, 'usr/bin/qemu-system-x86_64');
    const { stdout } = await run(program, ['--version']);
    const version = /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (!version) return { found: false, reason: `${program} tells no version: ${stdout}` };
    return { found: true, version, root, program, firmware: join(root, 'usr/share/qemu') };
  } catch (error) {
    const { message, stderr } = error as { message: string; stderr?: string };
    return { found: false, reason: `no newer QEMU can be unpacked here: ${stderr?.trim() || message}` };
  }
}

async function unpackedRoot(): Promise<string> {
  const cache = join(workspaceRoot(process.cwd()), '.cache');
  const root = join(cache, 'newer-qemu');
  if (existsSync(root)) return root;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'newer-qemu-'));
  try {
    await unpack(draft);
    // Another test may have been first: its result is as good.
    await rename(join(draft, 'root'), root).catch((error) => {
      if (!existsSync(root)) throw error;
    });
    return root;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A package source of its own, made from the one that the host uses; nothing of the host's apt is changed. */
async function unpack(folder: string): Promise<void> {
  const sources = await run('apt-get', [
    'indextargets',
    ...['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'],
  ]);
  const [uri, release] =
    sources.stdout
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, name = '', component]) => component === 'main' && /^[a-z]+$/.test(name)) ?? [];
  if (!uri || !release) throw new Error('apt knows no package source of a Debian release');
  const list = join(folder, 'sources.list');
  await writeFile(
    list,
    `deb ${existsSync(keyring) ? `[signed-by=${keyring}] ` : ''}${uri} ${release}-backports main\n`,
  );
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'debs'));
  const own = [
    ...['-o', `Dir::Etc::SourceList=${list}`, '-o', 'Dir::Etc::SourceParts=/dev/null'],
    ...['-o', `Dir::State::Lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${folder}`],
    ...['-o', 'APT::Sandbox::User=root'],
  ];
  const apt = (args: string[]) =>
    run('apt-get', [...own, ...args], { cwd: join(folder, 'debs'), timeout: aptTimeoutMs });
  await apt(['update']);
  await apt(['download', ...packages.map((name) => `${name}/${release}-backports`)]);
  for (const file of await readdir(join(folder, 'debs'))) {
    await run('dpkg', ['-x', join(folder, 'debs', file), join(folder, 'root')]);
  }
}

function workspaceRoot(folder: string): string {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('this is not run inside the workspace');
  return workspaceRoot(parent);
}
