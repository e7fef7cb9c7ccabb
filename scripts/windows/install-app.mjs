import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedFile } from '../run/installed-package.mjs';
import { capture } from '../run/run.mjs';
import { say, seconds } from '../run/say.mjs';
import { places } from './lane-folder.ts';

/** The packed package, installed as npm does it on Windows: a flat tree with the binaries for that system. */
export async function installApp() {
  const { fingerprint, base } = JSON.parse(readFileSync(installedFile, 'utf8'));
  const app = join(places.driveC, 'app');
  const stamp = join(app, '.made-of');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return true;
  const begun = performance.now();
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
  const archive = readdirSync(base).find((name) => name.endsWith('.tgz'));
  const words = [
    'install',
    '--os=win32',
    '--cpu=x64',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  const { code, stderr } = await capture('npm', [...words, join(base, archive)], { cwd: app });
  if (code !== 0) {
    say(stderr);
    return false;
  }
  writeFileSync(stamp, fingerprint);
  say(`Installed the package for Windows in ${app} in ${seconds(performance.now() - begun)}`);
  return true;
}
