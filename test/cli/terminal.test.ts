import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { Terminal } from './terminal.ts';

const goqemu = `${process.execPath} ${installedPackage.command}`;

/** A folder with a lab of fake machines, removed in the end. */
function labFolder(source: string) {
  const folder = mkdtempSync(join(labsFolder(), 'terminal-'));
  writeFileSync(join(folder, 'lab.ts'), source);
  const env = { HOME: installedPackage.home, GOQEMU_HOME: join(folder, 'home'), GOQEMU_BACKEND: 'fake' };
  return { folder, env, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A lab with machines that have one step each. */
const labOf = (machines: readonly string[], script = 'echo hello') => `import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
${machines.map((name) => `  lab.vm('${name}', { memory: '1 GiB' }).run('step', ${JSON.stringify(script)}).checkpoint('ready');`).join('\n')}
  return { machines: ${machines.length} };
});
`;

const twoSteps = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
  lab.vm('web').run('first', 'sleep 3').run('second', 'echo 2');
});
`;

test('apply on a terminal shows the plan, asks, and draws a list of machines and steps', async () => {
  using lab = labFolder(labOf(['web', 'db'], 'sleep 1'));
  await using terminal = await Terminal.start(`${goqemu} apply`, lab);
  const asked = await terminal.until(/Do it\? \[y\/N\]/);
  assert.match(asked, /\+ create {3}web/);
  assert.ok((await terminal.screen({ colours: true })).includes('\u001b[32m+'));
  await terminal.type('y', 'Enter');
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏].*run step/);
  const done = await terminal.until(/ended with 0/);
  assert.match(done, /✔ web\n/);
  assert.match(done, /✔ create .*it is not there yet/);
  assert.match(done, /✔ run step .*\d s/);
  assert.match(done, /Done in/);
  assert.match(done, /machines {2}2/);
});

test('anything but a yes does nothing', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(`${goqemu} apply`, lab);
  await terminal.until(/\[y\/N\]/);
  await terminal.type('n', 'Enter');
  await terminal.until(/nothing was done\n+ended with 1/);
  assert.equal(existsSync(join(lab.folder, '.goqemu')), false);
});

test('Ctrl-C at the question leaves with 130', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(`${goqemu} apply`, lab);
  await terminal.until(/\[y\/N\]/);
  await terminal.type('C-c');
  await terminal.until(/ended with 130/);
});

test('the first Ctrl-C lets what runs end and begins nothing more', async () => {
  using lab = labFolder(twoSteps);
  await using terminal = await Terminal.start(`${goqemu} apply --yes`, lab);
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] run first/);
  await terminal.type('C-c');
  const screen = await terminal.until(/ended with 130/);
  assert.match(screen, /nothing more is begun/);
  assert.match(screen, /✔ run first/);
  assert.doesNotMatch(screen, /✔ run second/);
});

test('NO_COLOR and a pipe have neither colours nor a list', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(`NO_COLOR=1 ${goqemu} plan; ${goqemu} apply --yes 2>&1 | cat`, lab);
  const screen = await terminal.until(/ended with 0/);
  assert.match(screen, /web\/step {2}▸ run: /);
  assert.match(screen, /web\/step {2}✔ ran in/);
  const coloured = await terminal.screen({ colours: true });
  for (const colour of [31, 32, 33, 34, 36]) assert.ok(!coloured.includes(`\u001b[${colour}m`), coloured);
});

test('a failing step is shown with its output after the list', async () => {
  using lab = labFolder(labOf(['web'], 'exit 7'));
  await using terminal = await Terminal.start(`${goqemu} apply --yes`, lab);
  const screen = await terminal.until(/ended with 1/);
  assert.match(screen, /✖ run step/);
  assert.match(screen, /error: .*\[step-failed\]/);
  assert.match(screen.replaceAll('\n', ''), /log: .*\.log/);
});
