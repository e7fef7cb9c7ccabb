/**
 * The package as a stranger has it: packed by pnpm, installed by npm under a prefix outside of this checkout, with a home
 * folder that is empty. The tests of the command and of the public API run on it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceFingerprint } from '../build/fingerprint.mjs';
import { capture, root } from './run.mjs';
import { say, seconds } from './say.mjs';

/** Where the install is written down, for the tests and for the next run. */
export const installedFile = join(root, '.cache', 'installed.json');

const packageFolder = join(root, 'packages', 'goqemu');

/** Packs and installs it, unless that was done from the same sources. True when it is there. */
export async function installPackage() {
  const fingerprint = packageFingerprint();
  const before = existsSync(installedFile) ? JSON.parse(readFileSync(installedFile, 'utf8')) : undefined;
  if (before?.fingerprint === fingerprint && existsSync(before.command)) return true;
  if (before) rmSync(before.base, { recursive: true, force: true });
  const begun = performance.now();
  const base = mkdtempSync(join(tmpdir(), 'goqemu-installed-'));
  const prefix = join(base, 'prefix');
  const home = join(base, 'home');
  mkdirSync(home);
  mkdirSync(join(root, '.cache'), { recursive: true });
  const modules = process.platform === 'win32' ? join(prefix, 'node_modules') : join(prefix, 'lib', 'node_modules');
  const folder = join(modules, 'goqemu');
  const installed = { fingerprint, base, home, folder, command: join(folder, 'bin', 'goqemu.js'), bin: binOf(prefix) };
  writeFileSync(installedFile, JSON.stringify(installed, null, 2)); // before the work, so that the next run clears up
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!(await succeeds('npx', ['--yes', packageManager, 'pack', '--pack-destination', base], packageFolder)))
    return false;
  const archive = readdirSync(base).find((name) => name.endsWith('.tgz'));
  const install = ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund'];
  if (!(await succeeds('npm', [...install, join(base, archive)], base))) return false;
  say(`Packed the package and installed it under ${prefix} in ${seconds(performance.now() - begun)}`);
  return true;
}

function binOf(prefix) {
  return process.platform === 'win32' ? join(prefix, 'goqemu.cmd') : join(prefix, 'bin', 'goqemu');
}

/** Of everything that is packed: the sources, and what is copied as it is. */
function packageFingerprint() {
  const hash = createHash('sha256').update(sourceFingerprint());
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'));
  const copied = ['README.md', 'NOTICE', ...docs.sort().map((name) => join('docs', name))];
  for (const file of [...copied.map((name) => join(root, name)), join(packageFolder, 'bin', 'goqemu.js')])
    hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

async function succeeds(command, args, cwd) {
  // npx sets npm_config_package for what it runs, and npm's own programs would read it.
  const env = { ...process.env, npm_config_package: '' };
  const { code, stdout, stderr } = await capture(command, args, { cwd, env });
  if (code !== 0) say(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return code === 0;
}
