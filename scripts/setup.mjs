/** `node scripts/setup.mjs [--tests]`: makes this checkout ready; milliseconds when everything is there. */
import { pathToFileURL } from 'node:url';
import { say } from './run/say.mjs';
import { installDependencies } from './setup/install-dependencies.mjs';
import { installHostPackages } from './setup/install-packages.mjs';

export async function setUp({ tests, soak = false }) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`goqemu needs Node.js 20.19 or newer; this is ${process.version}.`);
    return false;
  }
  return (await installHostPackages({ tests, soak })) && (await installDependencies());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = (await setUp({ tests: process.argv.includes('--tests') })) ? 0 : 1;
