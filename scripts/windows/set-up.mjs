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
import { capture, run } from '../run/run.mjs';
import { say, seconds } from '../run/say.mjs';
import { fingerprint, laneFolder, nodePackage, packages, places, source, suite } from './lane-folder.ts';
import { makeChroot } from './make-chroot.mjs';
import { mountChroot, wine, wineServer } from './wine.ts';

const sources = ['qemu.c', 'powershell.c', 'windows-paths.c'];

/** @returns whether all of it is there */
export async function setUpLane() {
  mkdirSync(laneFolder, { recursive: true, mode: 0o700 });
  chmodSync(laneFolder, 0o700); // who can write here chooses what root runs
  const tools = sources.map(source);
  return (
    (await part('chroot', `a root with Wine of Debian ${suite}`, fingerprint(suite, ...packages), makeChroot)) &&
    (await mountChroot()) &&
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

async function fetchNode() {
  mkdirSync(places.node, { recursive: true });
  const packed = await capture('npm', ['pack', nodePackage, '--pack-destination', places.node], { cwd: laneFolder });
  const archive = readdirSync(places.node).find((name) => name.endsWith('.tgz'));
  if (packed.code === 0 && archive)
    return (await run('tar', ['-xzf', join(places.node, archive), '-C', places.node])) === 0;
  say(packed.stderr);
  return false;
}

/** The stand-ins by the compiler for Windows; what goes into this host's QEMU by the host's own. */
async function compileTools() {
  mkdirSync(places.tools, { recursive: true });
  for (const name of sources) writeFileSync(join(places.tools, name), source(name));
  const compile = async (compiler, ...words) =>
    (await run(compiler, ['-O1', '-Wall', ...words], { cwd: places.tools })) === 0;
  const windows = 'x86_64-w64-mingw32-gcc';
  return (
    (await compile(windows, '-o', 'qemu.exe', 'qemu.c', '-lws2_32', '-lshell32')) &&
    (await compile(windows, '-o', 'powershell.exe', 'powershell.c')) &&
    (await compile('gcc', '-shared', '-fPIC', '-o', 'windows-paths.so', 'windows-paths.c', '-ldl'))
  );
}

async function makePrefix() {
  mkdirSync(places.prefix, { recursive: true, mode: 0o700 });
  mkdirSync(join(laneFolder, 'home'), { recursive: true });
  if ((await wine(['wineboot', '-i'], { output: join(laneFolder, 'log'), name: 'wineboot' })) !== 0) return false;
  await wineServer('-w');
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
