import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Cost, environment } from './turns.ts';

const teller = fileURLToPath(new URL('./peak-memory.cjs', import.meta.url));

/**
 * The most memory that the process itself had resident at a time, as it says at its end. Saying so takes half a mebibyte
 * (Node 20), of `node -e 0` as of a command.
 */
export const peakMebibytes: Cost = (node, words, place) => {
  const { status, output } = spawnSync(node, ['--require', teller, ...words], {
    cwd: place.cwd,
    env: environment(place),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const kibibytes = Number(output?.[3]);
  if (status !== 0 || !kibibytes) throw new Error(`${words.join(' ')} ended with ${status} and told no memory`);
  return kibibytes / 1024;
};
