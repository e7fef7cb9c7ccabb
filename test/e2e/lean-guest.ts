import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { tinyImage } from './tiny-image.ts';

/** What a guest may be without, and how it is taken out of the tiny guest's root file system. */
const parts = {
  'the agent': { remove: ['/usr/sbin/qemu-ga', '/usr/sbin/guest-agent'] },
  sudo: { remove: ['/usr/bin/sudo'] },
  // What stands in for cloud-init there is the part of its start script that reads the seed.
  'cloud-init': {
    remove: ['/usr/bin/cloud-init'],
    edit: { path: '/etc/rc.boot', from: /^find_seed \|\| .*$/m, to: ':' },
  },
} as const;

export type GuestPart = keyof typeof parts;

/** Where the root file system of the tiny guest begins. */
const rootOffset = 4096 * 512;

/** Path of an image of the tiny guest without some of its parts; made once, with neither mount nor root. */
export async function tinyImageWithout(...without: readonly GuestPart[]): Promise<string> {
  const whole = await tinyImage();
  const path = join(
    dirname(whole),
    `${basename(whole, '.qcow2')}-without-${without.join('-').replaceAll(' ', '-')}.qcow2`,
  );
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(`${path}-`);
  try {
    const raw = join(folder, 'disk.raw');
    await tool('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', whole, raw]);
    for (const part of without) await takeOut(raw, folder, parts[part]);
    await tool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, join(folder, 'disk.qcow2')]);
    await rename(join(folder, 'disk.qcow2'), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function takeOut(raw: string, folder: string, part: (typeof parts)[GuestPart]): Promise<void> {
  for (const path of part.remove) await inFileSystem(raw, `rm ${path}`);
  if (!('edit' in part)) return;
  const { path, from, to } = part.edit;
  const file = join(folder, basename(path));
  await inFileSystem(raw, `dump ${path} ${file}`);
  const text = await readFile(file, 'utf8');
  if (!from.test(text)) throw new Error(`${path} of the tiny guest has no ${from}`);
  await writeFile(file, text.replace(from, to));
  for (const line of [`rm ${path}`, `write ${file} ${path}`, `sif ${path} mode 0100755`]) await inFileSystem(raw, line);
}

/** debugfs(8) ends with 0 whatever it says. */
async function inFileSystem(raw: string, line: string): Promise<void> {
  const { stderr } = await tool('debugfs', ['-w', '-R', line, `${raw}?offset=${rootOffset}`]);
  const wrong = stderr.split('\n').find((said) => said !== '' && !said.startsWith('debugfs '));
  if (wrong) throw new Error(`debugfs ${line}: ${wrong}`);
}

async function tool(program: string, args: readonly string[]) {
  const run = await runCommand(program, args);
  if (run.code !== 0) throw new Error(`${program} ended with ${run.code}: ${run.stderr}`);
  return run;
}
