/** `npm run quickstart`: from a fresh checkout to a running virtual machine. */
import { build } from './build.mjs';
import { run } from './run/run.mjs';
import { say } from './run/say.mjs';
import { setUp } from './setup.mjs';

const goqemu = 'packages/goqemu/bin/goqemu.js';
const lab = 'examples/quickstart';

/** The exact commands of this checkout; test/e2e/quickstart.test.ts types them. */
const next = [
  ['exec web cat /etc/motd', 'a command in the machine'],
  ['ssh web', 'a shell'],
  ['checkpoint create before', 'to return to'],
  ['exec web sudo rm /etc/motd', 'break it'],
  ['checkpoint restore before', 'and go back'],
  ['destroy', 'remove the machine and its disk'],
];

process.exitCode = await main();

async function main() {
  if (!(await setUp({ tests: false })) || !(await build({ types: false }))) return 1;
  const code = await run(process.execPath, [goqemu, 'apply', `${lab}/lab.ts`, '--yes', ...process.argv.slice(2)]);
  if (code === 0) tellNext();
  return code;
}

function tellNext() {
  const commands = next.map(([words, why]) => [`node ../../${goqemu} ${words}`, why]);
  const lines = [[`cd ${lab}`, 'where the lab is'], ...commands];
  const [longest, longestWhy] = [0, 1].map((part) => Math.max(...lines.map((line) => line[part].length)));
  const fits = longest + longestWhy + '    # '.length < (process.stderr.columns ?? 120);
  say('\nNext:');
  for (const [command, why] of lines)
    if (fits) say(`  ${command.padEnd(longest)}  # ${why}`);
    else say(`  # ${why}\n  ${command}`);
  say('Edit lab.ts there and run "npm run quickstart" again, or read README.md.');
}
