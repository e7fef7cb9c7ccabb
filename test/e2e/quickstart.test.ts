import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../run-command.ts';
import { e2eHome, goqemuCommand } from './lab-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lab = 'examples/quickstart/lab.ts';

test('npm run quickstart makes a machine; a second one changes nothing', async () => {
  const options = { cwd: root, env: { GOQEMU_HOME: e2eHome } };
  const goqemu = (...args: string[]) => runCommand(process.execPath, [goqemuCommand, ...args], options);
  try {
    const first = await runCommand('npm', ['run', 'quickstart'], options);
    assert.equal(first.code, 0, first.stderr);
    const motd = await goqemu('exec', '--lab', lab, 'web', '--', 'cat', '/etc/motd', '/proc/uptime');
    assert.match(motd.stdout, /^Made by goqemu\.\n/);
    const second = await runCommand('npm', ['run', 'quickstart'], options);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /Nothing to do/);
  } finally {
    const gone = await goqemu('destroy', lab, '--yes');
    assert.equal(gone.code, 0, gone.stderr);
  }
});
