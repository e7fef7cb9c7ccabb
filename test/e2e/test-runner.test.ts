import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedPackage } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { e2eHome, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

let folder: LabFolder;

before(async () => {
  const machine = { image: await tinyImage(), user: 'debian', memory: '256 MiB', cpus: 1 };
  folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'tested' }, (lab) => {
  lab.vm('web', ${JSON.stringify(machine)}).run('mark', 'echo ready > /root/mark')
    .run('number', 'cat /proc/sys/kernel/random/uuid > /etc/number')
    .checkpoint('ready');
});
`);
  await folder.write(tests('fork'), 'fork.lab.test.ts');
  await folder.write(tests('restore'), 'restore.lab.test.ts');
  await folder.write(
    `import { test as base } from 'goqemu/test';
import lab from './lab.ts';
base.extend('lab', lab, { at: 'ready', machines: ['web'] })('never ends', async ({ web }) => {
  console.log('it runs');
  await web.exec('sleep 1000');
});
`,
    'endless.test.ts',
  );
});
after(() => folder[Symbol.asyncDispose]());

/** Tests of which each breaks what the next one looks at. */
function tests(isolation: 'fork' | 'restore'): string {
  return `import assert from 'node:assert/strict';
import { expect, test as base } from 'goqemu/test';
import lab from './lab.ts';

const test = base.extend('lab', lab, { at: 'ready', isolation: '${isolation}', machines: ['web'] });
const asItWas = async (web: { exec(command: string, options: object): Promise<{ stdout: string }> }) => {
  const look = 'cat /root/mark /dev/shm/* 2> /dev/null; ls -A /root | grep -v ash_history; date +%Y';
  const { stdout } = await web.exec(look, { sudo: true, check: true });
  assert.match(stdout, /^ready\\nmark\\n20[2-9]\\d\\n$/);
};

test('${isolation}: writes, deletes and kills', async ({ web }) => {
  await asItWas(web);
  await expect(web.file('/root/mark')).toHaveContent('ready');
  await web.exec('rm /root/mark; echo x | tee /root/other /dev/shm/other; date -s 2001-01-01; sync', { sudo: true, check: true });
  await expect(web.file('/root/mark')).not.toExist();
});
test('${isolation}: fails', async ({ web, mark }) => {
  await asItWas(web);
  await mark('it is as it was');
  await web.exec('echo written > /root/before; (i=0; while :; do i=$((i + 1)); echo $i > /dev/shm/count; sleep 0.1; done) > /dev/null 2>&1 &', { sudo: true, check: true });
  await web.exec('exit 3', { check: true });
});
test('${isolation}: hangs', { timeout: '3 s' }, async ({ web }) => {
  await web.exec('echo x > /root/other; sleep 1000', { sudo: true });
});
test('${isolation}: switches its machine off', async ({ web }) => {
  await asItWas(web);
  await web.exec('echo o > /proc/sysrq-trigger; sleep 60', { sudo: true, check: true });
});
test('${isolation}: runs steps of the lab again', async ({ lab, web }) => {
  const { stdout: before } = await web.exec('cat /etc/number');
  await expect(lab.step('web', 'mark')).toBeIdempotent();
  await expect(lab.step('web', 'number')).not.toBeIdempotent();
  await expect(lab.step('web', 'number')).toBeIdempotent({ files: ['/etc/number'] });
  await expect(web.file('/etc/number')).not.toHaveContent(before);
});
test('${isolation}: is not touched by those before, and is compared with the checkpoint', async ({ web }) => {
  await asItWas(web);
  await expect(web).toHaveChangedOnly({});
  await web.exec('echo x > /root/mark', { sudo: true, check: true });
  await expect(web).not.toHaveChangedOnly({});
  await expect(web).toHaveChangedOnly({ files: ['/root/mark'] });
});
`;
}

interface Document {
  readonly tests: readonly {
    readonly path: readonly string[];
    readonly status: string;
    readonly error: { readonly code?: string } | null;
  }[];
}

test('each test gets the machine as it was, by a fork and by a restore, whatever the one before did to it', async () => {
  const { code, stdout, stderr } = await folder.run(['test', '--workers', '2', '--reporter', 'json']);
  const ended = (JSON.parse(stdout) as Document).tests.map(({ path, status, error }) => [
    path[0],
    error?.code ?? status,
  ]);
  const expected = (isolation: string) => [
    [`${isolation}: writes, deletes and kills`, 'passed'],
    [`${isolation}: fails`, 'command-failed'],
    [`${isolation}: hangs`, 'test-timeout'],
    [`${isolation}: switches its machine off`, 'command-interrupted'],
    [`${isolation}: runs steps of the lab again`, 'passed'],
    [`${isolation}: is not touched by those before, and is compared with the checkpoint`, 'passed'],
  ];
  assert.deepEqual(ended, [...expected('fork'), ...expected('restore')], `${stdout}\n${stderr}`);
  assert.equal(code, 1);
  assert.deepEqual((await stacks())[0], 'default');
  assert.equal((await stacks()).length, 3, 'of the forks, those of the test that failed and of the one that hung');
  assert.equal(await machines(), 1);
});

test('a failure is a place: what the test did before is there, and what it started runs on', async () => {
  const inside = (name: string, ...words: string[]) =>
    folder.ok(
      'trace',
      'open',
      name,
      ...words,
      '--',
      'sudo',
      'sh',
      '-c',
      'cat /root/mark /root/before; a=$(cat /dev/shm/count); sleep 2; [ "$(cat /dev/shm/count)" -gt "$a" ] && echo it counts',
    );
  const [forked, restored] = [await traceOf('fork: fails'), await traceOf('restore: fails')];
  for (const name of [forked, restored]) assert.equal((await inside(name)).stdout, 'ready\nwritten\nit counts\n');
  assert.equal(
    (await inside(forked, '--at', '4')).stdout,
    'ready\nwritten\nit counts\n',
    'done again from the beginning',
  );
  const { stdout: shown } = await folder.ok('trace', 'show', forked, '--full');
  assert.match(shown, /✗ web\.exec\("exit 3"/);
  assert.match(shown, /changed on its disks\n[\s\S]*\/root\/before/);
  await folder.ok('trace', 'delete', '--all');

  const full = await folder.run(['test', 'restore.lab.test.ts', '--name', 'restore: fails', '--trace', 'full']);
  assert.equal(full.code, 1, full.stderr);
  const before = await folder.ok('trace', 'open', '--at', '3', '--', 'sudo', 'ls', '/root');
  assert.equal(before.stdout, 'mark\n', 'before the action that writes');
  assert.doesNotMatch(before.stderr, / again/);
  await folder.ok('trace', 'delete', '--all');
  const { checkpoints } = await folder.json<{ checkpoints: { descriptions: string[] }[] }>('checkpoint', 'list');
  assert.deepEqual(
    checkpoints.map(({ descriptions }) => descriptions[0]),
    ['ready'],
  );
  assert.deepEqual(await stacks(), ['default']);
  assert.equal(await machines(), 1);
});

test('the examples for Vitest and Playwright pass on forks of the same lab, and a failure is a place there, too', async () => {
  const modules = folder.file('node_modules');
  await mkdir(join(modules, '@playwright'), { recursive: true });
  await symlink(installedPackage.folder, join(modules, 'goqemu'), 'junction');
  await symlink(resolve('node_modules/vitest-4'), join(modules, 'vitest'), 'junction');
  await symlink(resolve('node_modules/@playwright/test'), join(modules, '@playwright/test'), 'junction');
  await folder.write('{ "type": "module" }', 'package.json');
  const page = await readFile('docs/testing.md', 'utf8');
  for (const [, code = '', name = ''] of page.matchAll(/^```ts\n(\/\/ ((?:machines|vitest)\.\S+)\n.*?)^```$/gms))
    await folder.write(code, name);
  await folder.write(
    `import { test as base } from 'vitest';
import { expect, labFixtures } from 'goqemu/vitest';
import lab from './lab.ts';
base.extend(labFixtures('lab', lab, { at: 'ready', machines: ['web'] }))('another runner fails', async ({ web }) => {
  await web.exec('echo written > /root/before', { sudo: true, check: true });
  await expect(web.file('/root/after')).toExist({ timeout: '1 s' });
});
`,
    'failing.test.ts',
  );
  const run = (...words: string[]) =>
    runCommand(process.execPath, words, { cwd: folder.path, env: { ...folder.env, CI: undefined } });
  const vitest = await run(join(modules, 'vitest/vitest.mjs'), 'run', 'machines.test.ts', 'failing.test.ts');
  const output = vitest.stdout + vitest.stderr;
  assert.match(output, /Tests +1 failed \| 2 passed/);
  assert.match(
    output,
    /expect\(web\.file\("\/root\/after"\)\)\.toExist\([^)]*\)\n\nexpected: /,
    'with the message of goqemu',
  );
  const trace = await traceOf('another runner fails');
  assert.match((await folder.ok('trace', 'show', trace)).stdout, /at failing\.test\.ts:6:\d+\n/);
  const inside = await folder.ok('trace', 'open', trace, '--', 'sudo', 'cat', '/root/before');
  assert.equal(inside.stdout, 'written\n');
  await folder.ok('trace', 'delete', '--all');
  const playwright = await run(join(modules, '@playwright/test/cli.js'), 'test', 'machines.spec.ts', '--reporter=line');
  assert.match(playwright.stdout, /2 passed/, playwright.stdout + playwright.stderr);
  assert.deepEqual(await stacks(), ['default']);
  assert.equal(await machines(), 1);
});

async function traceOf(test: string): Promise<string> {
  const { traces } = await folder.json<{ traces: { name: string; test: string }[] }>('trace', 'list');
  return traces.find((one) => one.test === test)?.name ?? '';
}

test('a run that is killed leaves no process, no machine and no file of its fork', { timeout: 600_000 }, async () => {
  let pid = 0;
  const run = folder.run(['test', 'endless.test.ts'], {
    onSpawn: (id) => {
      pid = id;
    },
  });
  while ((await machines()) < 2) await sleep(100);
  process.kill(pid, 'SIGKILL');
  assert.equal((await run).signal, 'SIGKILL');
  while ((await ofRun()).length > 0) await sleep(200);
  await folder.ok('checkpoint', 'create', 'next');
  assert.deepEqual(await stacks(), ['default']);
  assert.equal(await machines(), 1);
  assert.equal((await readdir(join(e2eHome, 'labs'))).filter((name) => name.startsWith('tested-')).length, 1);
});

async function stacks(): Promise<readonly string[]> {
  return readdir(folder.file('.goqemu/tested'));
}

/** QEMUs of the lab and its forks. */
async function machines(): Promise<number> {
  const lines = await commandLines();
  return lines.filter((line) => /qemu-system/.test(line) && line.includes(join(e2eHome, 'labs/tested-'))).length;
}

/** Processes that run its test file. */
async function ofRun(): Promise<readonly string[]> {
  return (await commandLines()).filter((line) => line.includes('endless.test.ts'));
}

async function commandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}
