/** Makes the lane, part by part, unless it is there: the chroot with Wine, node.exe, the stand-ins, Wine's folder. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readAptMirror } from '@goqemu/image';
import { capture, run } from '../run/run.mjs';
import { say, seconds } from '../run/say.mjs';
import { fingerprint, laneFolder, nodePackage, packages, places, source, suite } from './lane-folder.ts';
import { ended, inChroot, wine, wineEnvironment } from './wine.ts';

/** @returns whether all of it is there */
export async function setUpLane() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    say('The Windows lane needs Linux and root: Wine runs in a chroot. As root, type: npm run test:windows');
    return false;
  }
  mkdirSync(laneFolder, { recursive: true, mode: 0o700 });
  chmodSync(laneFolder, 0o700); // who can write here chooses what root runs
  const tools = ['qemu.c', 'powershell.c', 'windows-paths.c'].map(source);
  return (
    (await part('chroot', `Debian ${suite} with Wine, some minutes`, fingerprint(suite, ...packages), makeChroot)) &&
    (await part('node', `node.exe of ${nodePackage}`, fingerprint(nodePackage), fetchNode)) &&
    (await part('tools', 'the stand-ins for QEMU and PowerShell', fingerprint(...tools), compileTools)) &&
    (await part('prefix', "Wine's folder", fingerprint(suite, ...packages, nodePackage, ...tools), makePrefix))
  );
}

async function part(name, what, wanted, make) {
  const stamp = join(laneFolder, `${name}.made-of`);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(places[name])) return true;
  say(`Making ${what}, in ${places[name]}`);
  const begun = performance.now();
  for (const path of [stamp, places[name]]) rmSync(path, { recursive: true, force: true });
  if (!(await make())) return false;
  writeFileSync(stamp, wanted);
  say(`  ${seconds(performance.now() - begun)}`);
  return true;
}

/** From the mirror of the host's own apt, read now. */
async function makeChroot() {
  const { sources, validity, proxies } = await readAptMirror({ suite });
  const list = join(laneFolder, 'sources.list');
  writeFileSync(list, `${sources.join('\n')}\n`);
  const options = ['APT::Install-Recommends "false"', ...validity.map((option) => option.replace(/;$/, ''))];
  // Whatever ends it, its mounts in the new root end with it.
  const words = [
    ...['unshare', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
    ...['mmdebstrap', '--variant=apt', '--mode=root', ...options.map((option) => `--aptopt=${option}`)],
    ...[
      // dpkg syncs its own lists for each package even so.
      '--dpkgopt=force-unsafe-io',
      '--hook-dir=/usr/share/mmdebstrap/hooks/eatmydata',
      ...['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    ],
    ...[`--include=${packages.join(',')}`, suite, places.chroot, list],
  ];
  const [command = '', ...args] = words;
  return (
    (await run(command, args, { env: { ...process.env, ...proxies }, stdio: ['ignore', 'ignore', 'inherit'] })) === 0
  );
}

async function fetchNode() {
  mkdirSync(places.node, { recursive: true });
  const packed = await capture('npm', ['pack', nodePackage, '--pack-destination', places.node], { cwd: laneFolder });
  const archive = readdirSync(places.node).find((name) => name.endsWith('.tgz'));
  if (packed.code === 0 && archive)
    return (await run('tar', ['-xzf', join(places.node, archive), '-C', places.node])) === 0;
  say(packed.stderr);
  return false;
}

/** The stand-ins by the chroot's compiler for Windows; what goes into this host's QEMU by the host's own. */
async function compileTools() {
  mkdirSync(places.tools, { recursive: true });
  for (const name of ['qemu.c', 'powershell.c', 'windows-paths.c'])
    writeFileSync(join(places.tools, name), source(name));
  const flags = ['-O1', '-Wall'];
  const windows = async (name, libraries = []) => {
    const path = join(places.tools, name);
    return (
      (await ended(inChroot(['x86_64-w64-mingw32-gcc', ...flags, '-o', `${path}.exe`, `${path}.c`, ...libraries]))) ===
      0
    );
  };
  const path = join(places.tools, 'windows-paths');
  return (
    (await windows('qemu', ['-lws2_32', '-lshell32'])) &&
    (await windows('powershell')) &&
    (await run('gcc', [...flags, '-shared', '-fPIC', '-o', `${path}.so`, `${path}.c`, '-ldl'])) === 0
  );
}

async function makePrefix() {
  mkdirSync(places.prefix, { recursive: true, mode: 0o700 });
  mkdirSync(join(laneFolder, 'home'), { recursive: true });
  if ((await wine(['wineboot', '-i'], { output: join(laneFolder, 'log'), name: 'wineboot' })) !== 0) return false;
  await ended(inChroot(['/usr/lib/wine/wineserver64', '-w'], { environment: wineEnvironment }));
  const qemu = join(places.driveC, 'Program Files', 'qemu');
  const system = join(places.driveC, 'windows', 'system32');
  mkdirSync(qemu, { recursive: true });
  for (const name of ['qemu-system-x86_64.exe', 'qemu-img.exe'])
    copyFileSync(join(places.tools, 'qemu.exe'), join(qemu, name));
  mkdirSync(join(system, 'WindowsPowerShell', 'v1.0'), { recursive: true });
  for (const folder of [system, join(system, 'WindowsPowerShell', 'v1.0')])
    copyFileSync(join(places.tools, 'powershell.exe'), join(folder, 'powershell.exe'));
  const node = join(places.driveC, 'node');
  mkdirSync(node, { recursive: true });
  copyFileSync(join(places.node, 'package', 'bin', 'node.exe'), join(node, 'node.exe'));
  return true;
}
