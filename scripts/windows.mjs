/**
 * `npm run test:windows`: the packed and installed package under a real node.exe on Wine, with this host's QEMU, whose
 * files are held as QEMU for Windows holds them. See CONTRIBUTING.md, “The Windows lane”.
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installPackage } from './run/installed-package.mjs';
import { run } from './run/run.mjs';
import { heading, say, seconds } from './run/say.mjs';
import { aptInstall, missingPackages } from './setup/apt.mjs';
import { forWindowsLane } from './setup/host-packages.mjs';
import { hostFamily } from './setup/host-system.mjs';
import { setUp } from './setup.mjs';

process.exitCode = await main();

async function main() {
  const begun = performance.now();
  heading('The Windows lane: set-up');
  if (!(await setUp({ tests: true })) || !(await hasCompiler())) return 1;
  const { register } = await import('tsx/esm/api'); // of the packages that the set-up installs
  register();
  const { laneFolder } = await import('./windows/lane-folder.ts');
  const { setUpLane } = await import('./windows/set-up.mjs');
  const { installApp } = await import('./windows/install-app.mjs');
  const { startLane } = await import('./windows/start-lane.mjs');
  if (!(await build({ types: false })) || !(await installPackage())) return 1;
  if (!(await setUpLane()) || !(await installApp())) return 1;
  say(`  ${seconds(performance.now() - begun)}`);
  heading('The Windows lane: a lab under the share modes of Windows');
  const log = createWriteStream(join(laneFolder, 'log', 'qemu-server.log'));
  const lane = await startLane((line) => log.write(`${new Date().toISOString()} ${line}\n`));
  try {
    const words = ['--import', 'tsx', '--test', '--test-reporter=spec', 'test/windows/lab.test.ts'];
    return await run(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  } finally {
    await lane.stop();
    log.end();
    say(`  ${seconds(performance.now() - begun)} in all; logs in ${join(laneFolder, 'log')}`);
  }
}

async function hasCompiler() {
  if (hostFamily() !== 'debian') return true; // the lane says itself what it needs
  const missing = await missingPackages(forWindowsLane);
  return missing.length === 0 || aptInstall(missing);
}
