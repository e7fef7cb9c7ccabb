import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { program, tool } from '../../scripts/run/program.mjs';
import { installCommands, lookCommand } from '../../scripts/setup/install-commands.mjs';

const windows = { platform: 'win32', node: 'C:\\Program Files\\nodejs\\node.exe' };

test('npm and npx are started without a shell, on Windows too, where a path has blanks', () => {
  assert.deepEqual(program('npx', ['--yes', 'C:\\My Files\\a.tgz'], windows), [
    windows.node,
    ['C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js', '--yes', 'C:\\My Files\\a.tgz'],
  ]);
  assert.deepEqual(program('npm', ['test'], { platform: 'linux', node: '/usr/bin/node' }), ['npm', ['test']]);
  assert.deepEqual(program('brew', ['list'], windows), ['brew', ['list']]);
});

test('the tools of this checkout are scripts that node runs itself', () => {
  for (const name of ['biome', 'tsc', 'depcruise', 'knip']) {
    const [node, args] = tool(name, ['--help'], process.cwd());
    assert.equal(node, process.execPath);
    assert.ok(readFileSync(args[0] ?? '', 'utf8').length > 0, name);
    assert.equal(args[1], '--help');
  }
});

test('no script of this repository starts a shell', () => {
  const scripts = readdirSync('scripts', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.m?[jt]s$/.test(name),
  );
  for (const name of scripts) assert.doesNotMatch(readFileSync(`scripts/${name}`, 'utf8'), /\bshell: /, name);
});

test('winget installs one package at a time, and asks nothing', () => {
  const commands = installCommands('win32', ['A.B', 'C.D']);
  assert.equal(commands.length, 2);
  for (const command of [...commands, lookCommand('win32', 'A.B')]) {
    assert.ok(command.includes('--accept-source-agreements') && command.includes('--disable-interactivity'));
  }
  assert.ok(commands.every((command) => command.includes('--accept-package-agreements')));
  assert.deepEqual(installCommands('darwin', ['qemu', 'tmux']), [['brew', 'install', 'qemu', 'tmux']]);
});
