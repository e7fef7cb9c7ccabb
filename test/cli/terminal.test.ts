import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { assertScreen } from './screens.ts';
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
  const asked = await terminal.until(/Apply these changes\? \[y\/N\]/);
  assert.match(asked, /\+ create {3}web/);
  assert.ok((await terminal.screen({ colours: true })).includes('\u001b[32m+'));
  await terminal.type('y', 'Enter');
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏].*run step/);
  const done = await terminal.until(/ended with 0/);
  assert.match(done, /✔ web\n/);
  assert.match(done, /✔ create .*not created yet/);
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
  assert.match(screen, /no further operation is started/);
  assert.match(screen, /✔ run first/);
  assert.doesNotMatch(screen, /✔ run second/);
});

test('SIGTERM lets what runs end, begins nothing more, and leaves with 143', async () => {
  using lab = labFolder(twoSteps);
  let pid = 0;
  const { code, stdout } = await runCommand(
    process.execPath,
    [installedPackage.command, 'apply', '--yes', '--events', '-'],
    {
      cwd: lab.folder,
      env: lab.env,
      onSpawn: (spawned) => {
        pid = spawned;
      },
      onOutput: (text) => {
        if (/"operation-started"[^\n]*"first"/.test(text)) process.kill(pid, 'SIGTERM');
      },
    },
  );
  assert.equal(code, 143);
  assert.match(stdout, /"operation-done","id":"op-2"/);
  assert.doesNotMatch(stdout, /"operation-started"[^\n]*"second"/);
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

for (const [columns, rows] of [
  [40, 12],
  [80, 24],
  [200, 60],
] as const)
  test(`on ${columns} columns and ${rows} rows the list is whole when it has ended`, async () => {
    using lab = labFolder(labOf(['web', 'db']));
    await using terminal = await Terminal.start(`${goqemu} apply --yes`, { ...lab, columns, rows });
    assertScreen(`apply-${columns}x${rows}`, await terminal.until(/ended with 0/));
  });

test('of more machines than lines, those at work are shown and the others counted', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `machine-${index + 1}`);
  using lab = labFolder(labOf(names, 'sleep 4'));
  await using terminal = await Terminal.start(`${goqemu} apply --yes --parallel 3`, { ...lab, columns: 60, rows: 12 });
  await terminal.until(/❯ machine-1\n[\s\S]*… 29 waiting/);
  const screen = await terminal.screen({ visible: true });
  assert.doesNotMatch(screen, /machine-30\n {2}.*waits/);
  const done = await terminal.until(/ended with 0/, 60_000);
  for (const name of names) assert.match(done, new RegExp(`✔ ${name}\n`));
});

test('a terminal that changes its size in the middle shows the list once', async () => {
  using lab = labFolder(labOf(['web', 'db'], 'sleep 5'));
  await using terminal = await Terminal.start(`${goqemu} apply --yes`, { ...lab, columns: 120, rows: 30 });
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] run step/);
  await terminal.resize(60, 20);
  const done = await terminal.until(/ended with 0/);
  assert.equal(done.match(/✔ web\n/g)?.length, 1, done);
  assert.equal(done.match(/✔ db\n/g)?.length, 1, done);
});

test('after a failure is fixed, apply continues from there; then destroy asks and leaves nothing', async () => {
  using lab = labFolder(labOf(['web'], 'exit 7'));
  await using terminal = await Terminal.start('sh', lab);
  await terminal.type(`${goqemu} apply --yes; echo "code $?"`, 'Enter');
  await terminal.until(/code 1/);
  writeFileSync(join(lab.folder, 'lab.ts'), labOf(['web']));
  await terminal.type(`clear; ${goqemu} apply; echo "code $?"`, 'Enter');
  const plan = await terminal.until(/\[y\/N\]/);
  assert.doesNotMatch(plan, /\+ create/, 'the machine is there');
  await terminal.type('y', 'Enter');
  await terminal.until(/✔ run step[\s\S]*code 0/);
  await terminal.type(`clear; ${goqemu} destroy; echo "code $?"`, 'Enter');
  assert.match(await terminal.until(/\[y\/N\]/), /- delete {3}web/);
  await terminal.type('y', 'Enter');
  await terminal.until(/code 0/);
  await terminal.type(`clear; ${goqemu} status; echo "code $?"`, 'Enter');
  await terminal.until(/has no machine[\s\S]*code 0/);
});

test('the second Ctrl-C ends what runs, and the next apply continues', async () => {
  using lab = labFolder(labOf(['web'], 'sleep 60'));
  await using terminal = await Terminal.start(`${goqemu} apply --yes`, lab);
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] run step/);
  await terminal.type('C-c');
  await terminal.until(/no further operation is started/);
  await terminal.type('C-c');
  await terminal.until(/ended with 130/);
  writeFileSync(join(lab.folder, 'lab.ts'), labOf(['web']));
  await using again = await Terminal.start(`${goqemu} apply --yes`, lab);
  await again.until(/ended with 0/);
});

test('the third Ctrl-C leaves at once', async () => {
  using lab = labFolder(labOf(['web'], 'sleep 60'));
  await using terminal = await Terminal.start(`${goqemu} apply --yes`, lab);
  await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] run step/);
  await terminal.type('C-c');
  await terminal.until(/no further operation is started/);
  await terminal.type('C-c', 'C-c');
  await terminal.until(/ended with 130/);
});

test('a terminal without a cursor has plain lines', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(`TERM=dumb ${goqemu} apply --yes`, lab);
  const screen = await terminal.until(/ended with 0/);
  assert.match(screen, /web\/step {2}✔ ran in/);
  assertScreen('apply-dumb', screen);
});

test('without standard input a question is an error at once, and --yes needs none', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(
    `${goqemu} apply < /dev/null; echo "code $?"; ${goqemu} apply --yes <&-`,
    lab,
  );
  const screen = await terminal.until(/ended with 0/);
  assert.match(screen, /confirmation is needed, and there is no terminal[\s\S]*add --yes[\s\S]*code 64/);
});

test('with standard error or standard output closed, apply does its work', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start(`${goqemu} apply --yes 2>&-; ${goqemu} status --json >&-`, lab);
  await terminal.until(/ended with 0/);
  await using status = await Terminal.start(`${goqemu} status`, lab);
  assert.match(await status.until(/ended with 0/), /web +running/);
});

test('output that is read slowly arrives whole', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `machine-${index + 1}`);
  using lab = labFolder(labOf(names));
  const slow = '{ sleep 2; while IFS= read -r line; do last=$line; done; echo "last: $last"; }';
  await using terminal = await Terminal.start(
    `${goqemu} plan | ${slow}; ${goqemu} plan --json | { sleep 2; tail -c 3; }`,
    lab,
  );
  const screen = await terminal.until(/ended with 0/, 60_000);
  assert.match(screen, /last: Plan: 200 to create/);
  assert.match(screen, /\}/);
});

test('help TOPIC shows the page of the package in the pager, which may be missing or leave early', async () => {
  using lab = labFolder(labOf(['web']));
  await using terminal = await Terminal.start('sh', { ...lab, env: { ...lab.env, LESS: 'FRX' } });
  const typed = async (line: string, shows: RegExp) => {
    await terminal.type(`clear; ${line}; echo "code $?"`, 'Enter');
    return terminal.until(shows);
  };
  await typed(`${goqemu} help lab`, /^Writing a lab\n[\s\S]*^:$/m);
  assert.ok((await terminal.screen({ colours: true })).includes('\u001b[1mWriting'));
  await terminal.type('q');
  await terminal.until(/^code 0$/m);
  await typed(`${goqemu} help lab#late-values-and-sh`, /^Late values and sh\n[\s\S]*^code 0$/m);
  await typed(`PAGER='head -n 1' ${goqemu} help errors`, /^Errors\ncode 0$/m);
  await typed(`PAGER=no-such-pager ${goqemu} help lab#late-values-and-sh`, /^Late values and sh\n[\s\S]*^code 0$/m);
  await typed(`${goqemu} help lab | head -n 1`, /^Writing a lab\ncode 0$/m);
});
