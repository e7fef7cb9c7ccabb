import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run/run.mjs';

/** A digest of every source file that the build reads: the content, since a fresh checkout has fresh times. */
export function sourceFingerprint() {
  const hash = createHash('sha256').update(process.version);
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    addFile(hash, join('packages', name, 'package.json'));
    addFolder(hash, join('packages', name, 'src'));
  }
  addFolder(hash, join('scripts', 'build'));
  addFile(hash, join('scripts', 'build.mjs'));
  return hash.digest('hex');
}

function addFolder(hash, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  ))
    if (entry.isDirectory()) addFolder(hash, join(folder, entry.name));
    else if (!/\.(?:test|bench|soak|fixture)\.ts$/.test(entry.name)) addFile(hash, join(folder, entry.name));
}

function addFile(hash, file) {
  const content = readFileSync(join(root, file));
  hash.update(`${file}\0${content.length}\0`).update(content);
}
