/** Runs test files beside the Windows lane, which is made where it is not there. See CONTRIBUTING.md. */
import { installPackage } from '../run/installed-package.mjs';
import { run } from '../run/run.mjs';
import { heading, say } from '../run/say.mjs';
import { aptInstall, missingPackages } from '../setup/apt.mjs';
import { forWindowsLane } from '../setup/host-packages.mjs';
import { hostFamily } from '../setup/host-system.mjs';

/**
 * With mounts and numbers of processes of its own: whatever ends this process, all that the lane started ends with it.
 * The shell takes in what has lost its parent there.
 */
const alone = [
  ...['--pdeathsig=KILL', 'unshare', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child'],
  ...['--mount-proc', 'sh', '-c', '"$@"; exit $?', 'sh'],
];

/**
 * @param title of the run
 * @param files of test/windows, which run one after the other
 * @param timeoutMs of each
 * @param environment what the tests are told besides
 * @returns the exit code
 */
export async function runLane(title, files, { timeoutMs, environment = {} }) {
  heading('The Windows lane: set-up');
  if (!canRun() || !(await hasCompilers()) || !(await installPackage())) return 1;
  const words = ['--import', 'tsx', 'scripts/windows/lane.mjs', title, String(timeoutMs), ...files];
  const env = { ...process.env, ...environment };
  return run('setpriv', [...alone, process.execPath, ...words], { stdio: ['ignore', 'inherit', 'inherit'], env });
}

function canRun() {
  if (hostFamily() === 'debian' && process.getuid() === 0) return true;
  say(
    'Wine runs in a chroot that is made of packages of Debian, so that the Windows lane needs a Debian host and root.',
  );
  say('There, as root, type: npm run test:windows');
  return false;
}

async function hasCompilers() {
  const missing = await missingPackages(forWindowsLane);
  return missing.length === 0 || aptInstall(missing);
}
