import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../run/run.mjs';
import { say } from '../run/say.mjs';

const stamp = join(root, 'node_modules', '.installed');

/** The pnpm that package.json names, through npx: nothing is installed globally. */
function pnpm(args, options) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return run('npx', ['--yes', packageManager, ...args], options);
}

/** `pnpm install` by the lock file, skipped while nothing that it reads has changed. */
export async function installDependencies() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  say('Installing the npm packages of pnpm-lock.yaml, with pnpm through npx');
  // Under an npx of its own (`npx --package=node@latest`) that one's packages would be meant here too.
  const environment = { ...process.env, npm_config_package: '' };
  const code = await pnpm(['install', '--frozen-lockfile', '--prefer-offline'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, CI: 'true' }, // without a terminal pnpm must not ask
  });
  if (code !== 0) return false;
  writeFileSync(stamp, wanted);
  return true;
}

function fingerprint() {
  const hash = createHash('sha256').update(process.version).update(process.platform).update(process.arch);
  const manifests = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'package.json'));
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests.sort()])
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
