import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the process of a switch is started: a file of its own in the published package, and its source in a checkout. */
export function switchProgram(): readonly [string, ...string[]] {
  const own = fileURLToPath(import.meta.url);
  if (!own.endsWith('.ts')) return [process.execPath, join(dirname(own), 'switch-main.js')];
  const source = '../../../network/src/switch/process/switch-main.ts';
  return [process.execPath, '--import', import.meta.resolve('tsx'), fileURLToPath(new URL(source, import.meta.url))];
}
