import { capture, run } from '../run/run.mjs';
import { say } from '../run/say.mjs';
import { aptInstall, missingPackages } from './apt.mjs';
import { byHand, forLabs, forSoak, forTests } from './host-packages.mjs';
import { hostFamily } from './host-system.mjs';
import { installCommands, lookCommand } from './install-commands.mjs';

/** Makes sure that the host has QEMU and, for the tests, what they need; says what it installs and why. */
export async function installHostPackages({ tests, soak = false }) {
  const family = hostFamily();
  const of = (packages, isWanted) => (isWanted ? (packages[family] ?? []) : []);
  const wanted = [...of(forLabs, true), ...of(forTests, tests), ...of(forSoak, soak)];
  if (wanted.length === 0) return haveQemu(family);
  const missing = await missingOf(family, wanted);
  if (missing.length === 0) return true;
  say('Installing what is missing on this host:');
  const width = Math.max(...missing.map((entry) => entry.name.length));
  for (const entry of missing) say(`  ${entry.name.padEnd(width)}  ${entry.why}`);
  const installed = await install(family, missing);
  if (!installed) say('The packages above could not be installed; install them by hand and run the command again.');
  return installed;
}

async function missingOf(family, wanted) {
  if (family === 'debian') return missingPackages(wanted);
  const found = await Promise.all(wanted.map((entry) => isThere(family, entry.name)));
  return wanted.filter((_, index) => !found[index]);
}

async function isThere(family, name) {
  const [command, ...args] = lookCommand(family, name);
  return (await capture(command, args)).code === 0;
}

async function install(family, missing) {
  const names = missing.map((entry) => entry.name);
  if (family === 'debian') return aptInstall(missing);
  for (const command of installCommands(family, names))
    if ((await run(command[0], command.slice(1)).catch(() => 127)) !== 0) return byCommand(command);
  return true;
}

function byCommand(command) {
  say(`  that failed; the command was:\n    ${command.join(' ')}`);
  return false;
}

/** Systems whose packages goqemu does not install itself: look, and say what to type. */
async function haveQemu(family) {
  const found = await capture('qemu-system-x86_64', ['--version']);
  if (found.code === 0) return true;
  say('QEMU is missing. Install it and run the command again:');
  say(`  ${byHand[family] ?? 'install the packages that hold qemu-system-x86_64 and qemu-img'}`);
  return false;
}
