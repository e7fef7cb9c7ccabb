/** `npm run build [-- --types]`: packages/goqemu/dist; nothing to do while no source has changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sourceFingerprint } from './build/fingerprint.mjs';
import { root } from './run/run.mjs';
import { say, seconds } from './run/say.mjs';

const dist = join(root, 'packages', 'goqemu', 'dist');

/** Builds the command line, and with `types` the declarations that an editor reads. True when all is well. */
export async function build({ types }) {
  const fingerprint = sourceFingerprint();
  const begun = performance.now();
  let worked = false;
  if (readStamp('bundle') !== fingerprint) {
    const { bundle } = await import('./build/bundle.mjs');
    try {
      await bundle();
    } catch (error) {
      // esbuild has already shown where its errors are.
      say(`The build failed: ${error.errors ? `${error.errors.length} error(s)` : error.message}`);
      return false;
    }
    writeStamp('bundle', fingerprint);
    worked = true;
  }
  if (types && readStamp('types') !== fingerprint) {
    const { declarations } = await import('./build/declarations.mjs');
    if (!(await declarations())) return false;
    writeStamp('types', fingerprint);
    worked = true;
  }
  if (worked) say(`Built packages/goqemu/dist in ${seconds(performance.now() - begun)}`);
  return true;
}

function readStamp(name) {
  const file = join(dist, `.${name}`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function writeStamp(name, fingerprint) {
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, `.${name}`), fingerprint);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = (await build({ types: process.argv.includes('--types') })) ? 0 : 1;
