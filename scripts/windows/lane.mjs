/** `lane.mjs TITLE MILLISECONDS FILE...`: the lane itself, in namespaces of its own; see run-lane.mjs. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run/run.mjs';
import { heading, say, seconds } from '../run/say.mjs';
import { installApp } from './install-app.mjs';
import { laneFolder } from './lane-folder.ts';
import { setUpLane } from './set-up.mjs';
import { startLane } from './start-lane.mjs';

const [title, timeoutMs, ...files] = process.argv.slice(2);
const begun = performance.now();
process.exitCode = (await setUpLane()) && (await installApp()) ? await main() : 1;

async function main() {
  say(`  ${seconds(performance.now() - begun)}`);
  heading(title);
  const log = createWriteStream(join(laneFolder, 'log', 'qemu-server.log'));
  const lane = await startLane((line) => log.write(`${new Date().toISOString()} ${line}\n`));
  try {
    const words = ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-concurrency=1'];
    return await run(process.execPath, [...words, `--test-timeout=${timeoutMs}`, ...files], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } finally {
    await lane.stop();
    log.end();
    say(`  ${seconds(performance.now() - begun)} in all; logs in ${join(laneFolder, 'log')}`);
  }
}
