import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readAptMirror } from '@goqemu/image';
import { run } from '../run/run.mjs';
import { laneFolder, packages, places, suite } from './lane-folder.ts';

/**
 * A root with what Wine loads and nothing else. Its packages are unpacked, and none is configured: that takes less than a
 * minute, where a bootstrapped Debian with all that Wine depends on took six. They come from the mirror of the host's own apt,
 * read now, and apt checks their signatures.
 */
export async function makeChroot() {
  const apt = join(laneFolder, 'apt');
  rmSync(apt, { recursive: true, force: true });
  for (const folder of ['lists/partial', 'archives/partial', 'packages'])
    mkdirSync(join(apt, folder), { recursive: true });
  const { sources, validity, proxies } = await readAptMirror({ suite });
  const configuration = join(apt, 'apt.conf');
  writeFileSync(configuration, aptConfiguration(apt, validity));
  writeFileSync(join(apt, 'sources.list'), `${sources.map(signed).join('\n')}\n`);
  writeFileSync(join(apt, 'status'), '');
  const options = { cwd: join(apt, 'packages'), env: { ...process.env, ...proxies, APT_CONFIG: configuration } };
  if ((await run('apt-get', ['-q', 'update'], options)) !== 0) return false;
  if ((await run('apt-get', ['-q', 'download', ...packages], options)) !== 0) return false;
  for (const file of readdirSync(options.cwd))
    if ((await run('dpkg-deb', ['--extract', file, places.chroot], options)) !== 0) return false;
  rmSync(apt, { recursive: true, force: true });
  complete(places.chroot);
  return true;
}

/** apt with lists, packages and sources of its own. */
function aptConfiguration(folder, validity) {
  const settings = {
    Dir: '/',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': folder,
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Acquire::Languages': 'none',
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Sandbox::User': 'root', // no other user may look into the lane
  };
  return [...Object.entries(settings).map(([name, value]) => `${name} "${value}";`), ...validity, ''].join('\n');
}

function signed(line) {
  return line.replace(/^deb /, 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ');
}

/** What other packages and the scripts of these would have put there. */
function complete(chroot) {
  for (const name of ['proc', 'dev', 'sys', 'tmp', 'etc']) mkdirSync(join(chroot, name), { recursive: true });
  for (const name of ['lib', 'lib64']) symlinkSync(join('usr', name), join(chroot, name));
  writeFileSync(join(chroot, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(chroot, 'etc', 'hosts'), `127.0.0.1 localhost ${hostname()}\n`);
  writeFileSync(join(chroot, 'etc', 'nsswitch.conf'), 'hosts: files dns\n');
  // Wine takes a library for one of its own by 32 bytes of its header (dlls/ntdll/unix/virtual.c).
  const zlib = readFileSync(join(chroot, 'usr', 'x86_64-w64-mingw32', 'lib', 'zlib1.dll'));
  zlib.fill(0, 64, 96).write('Wine builtin DLL', 64, 'latin1');
  writeFileSync(join(chroot, 'usr', 'lib', 'x86_64-linux-gnu', 'wine', 'x86_64-windows', 'zlib1.dll'), zlib);
}
