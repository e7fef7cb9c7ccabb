import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedPackage, labsFolder, runTypeScript } from '../installed-package.ts';
import { type CommandRun, type RunOptions, runCommand } from '../run-command.ts';

/** Nothing of goqemu is in reach from here: test files find the copy of the command. */
const folder = mkdtempSync(join(labsFolder(), 'test-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const env = {
  ...{ HOME: installedPackage.home, GOQEMU_HOME: join(folder, '.home'), GOQEMU_BACKEND: 'fake' },
  GITHUB_ACTIONS: undefined, // these tests may run there
};

function goqemu(args: readonly string[], options: RunOptions & { readonly cwd?: string } = {}): Promise<CommandRun> {
  return runCommand(process.execPath, [installedPackage.command, ...args], {
    cwd: folder,
    ...options,
    env: { ...env, ...options.env },
  });
}

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}

interface Document {
  readonly passed: number;
  readonly failed: number;
  readonly tests: readonly {
    readonly file: string;
    readonly line: number;
    readonly path: readonly string[];
    readonly status: string;
    readonly error: { readonly code?: string; readonly message: string } | null;
    readonly notes: readonly string[];
  }[];
}

write(
  'lab.ts',
  `import { defineLab } from 'goqemu';
export default defineLab({ name: 'shop' }, (lab) => {
  lab.vm('web').run('nginx', 'echo nginx').checkpoint('ready');
  lab.vm('db').checkpoint('ready');
});
`,
);
const head = `import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { test as base } from 'goqemu/test';
import lab from './lab.ts';
`;
write(
  'forked.lab.test.ts',
  `${head}interface Gone { readonly type: 'is not JavaScript' }
const test = base.extend('lab', lab, { at: 'ready', machines: ['web', 'db'] });
const running = async (one: Awaited<ReturnType<typeof lab.status>>) => one.machines.every(({ state }) => state === 'running');
let before = '';
let kept: { restart(): Promise<void> } | undefined;
test('a fork of its own', async ({ web, lab, mark, attach }) => {
  before = lab.stack;
  kept = web;
  assert.match(before, /^test-/);
  await web.stop();
  await mark('it is stopped');
  await attach('state.txt', 'stopped');
});
test('the next has another', async ({ lab, web, db }) => {
  assert.notEqual(lab.stack, before);
  assert.deepEqual((await lab.status()).machines.map(({ name, state }) => [name, state]), [['db', 'running'], ['web', 'running']]);
  assert.deepEqual([web.name, db.name], ['web', 'db']);
  await assert.rejects(async () => kept?.restart(), { code: 'test-ended', message: /"a fork of its own" is over, and used the machine web/ });
});
describe('a suite', () => {
  test('fails', async ({ mark }) => {
    await mark('before it fails');
    assert.equal(await test.step('a step that passes', () => 1), 2);
  });
  test('hangs', { timeout: '300 ms' }, async () => {
    setInterval(() => undefined, 1000);
    await new Promise(() => undefined);
  });
  test('is not touched by that', async ({ lab }) => assert.match(lab.stack, /^test-/));
});
let runs = 0;
test('passes at its second attempt', { retries: 2 }, async () => {
  runs++;
  await test.step('a step that is not reported while it may run again', () => assert.equal(runs, 2));
});
test.skip('is left out', async () => assert.fail());
test.todo('is to be written', async () => assert.fail());
`,
);
write(
  'restored.lab.test.ts',
  `${head}const test = base.extend('shop', lab, { at: 'ready', isolation: 'restore' });
test('stops what the next finds running', async ({ shop }) => {
  assert.equal(shop.stack, 'default');
  await shop.stop();
});
test('finds it running', async ({ shop }) => {
  assert.ok((await shop.status()).machines.every(({ state }) => state === 'running'));
});
`,
);
write(
  'wrong.lab.test.ts',
  `${head}base.extend('lab', lab, { at: 'redy' })('no such checkpoint', async () => undefined);
base.extend('lab', lab, { at: 'ready', machines: ['mail'] })('no such machine', async () => undefined);
base('needs no lab', async ({ t, signal }) => assert.deepEqual([t.name, signal.aborted], ['needs no lab', false]));
`,
);

const stacks = () => readdirSync(join(folder, '.goqemu/shop'));

describe('a run of several files', () => {
  let document: Document;
  let annotations = '';
  const named = (name: string) => document.tests.find(({ path }) => path.at(-1) === name);

  test('reports every test, and exits with 1 when one failed', async () => {
    const reporters = ['--reporter', 'json', '--reporter', 'html', '--reporter', 'junit=out/results.xml'];
    const { code, stdout, stderr } = await goqemu(['test', '--workers', '1', ...reporters], {
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'summary.md') },
    });
    assert.equal(code, 1, stderr);
    annotations = stderr;
    document = JSON.parse(stdout) as Document;
    const failed = document.tests.filter(({ status }) => status === 'failed').map(({ path }) => path.join(' > '));
    assert.deepEqual(
      failed,
      ['a suite > fails', 'a suite > hangs', 'no such checkpoint', 'no such machine'],
      stdout + stderr,
    );
    assert.deepEqual([named('is left out')?.status, named('is to be written')?.status], ['skipped', 'todo']);
    assert.equal(named('a step that passes')?.path.join(' > '), 'a suite > fails > a step that passes');
    assert.match(stderr, /lab shop: 3 operations before its tests/);
  });

  test('leaves the lab applied, and of its forks those of tests that failed, switched off', async () => {
    const [first, ...forks] = stacks();
    assert.equal(first, 'default');
    assert.equal(
      forks.length,
      3,
      'the test that fails, the one that hangs, and the first attempt of the one that is flaky',
    );
    const { stdout } = await goqemu(['status', '--stack', forks[0] ?? '', '--json']);
    const { machines } = JSON.parse(stdout) as { readonly machines: readonly { readonly state: string }[] };
    assert.deepEqual(
      machines.map(({ state }) => state),
      ['stopped', 'stopped'],
    );
  });

  test('leaves a trace of each failure, which tells its actions', async () => {
    const { stdout } = await goqemu(['trace', 'list', '--json']);
    const { traces } = JSON.parse(stdout) as {
      readonly traces: readonly { readonly test: string; readonly line: number }[];
    };
    assert.deepEqual(traces.map(({ test: name }) => name).sort(), ['fails', 'hangs', 'passes at its second attempt']);
    const shown = await goqemu(['trace', 'show', 'fails']);
    assert.match(shown.stdout, /fails\n {2}forked\.lab\.test\.ts:25\n/);
    assert.match(shown.stdout, /at forked\.lab\.test\.ts:27:\d+\n/);
    assert.match(shown.stdout, /1 {2}✓ mark before it fails .*\n +2 {2}✓ a step that passes/);
    assert.match(shown.stdout, /db \(disk and RAM\), web \(disk and RAM\)/);
  });

  test('tells where a failed test is in its file, and what it was at', () => {
    const failed = named('fails');
    assert.deepEqual([failed?.file, failed?.line], ['forked.lab.test.ts', 25]);
    assert.match(failed?.notes.join('\n') ?? '', /failed .* after the mark "before it fails"/);
  });

  test('names the time-out of a test that hangs', () => {
    assert.equal(named('hangs')?.error?.code, 'test-timeout');
    assert.match(named('hangs')?.error?.message ?? '', /the test "hangs" did not end within 300 ms/);
  });

  test('tells of a flaky test which attempt passed', () => {
    const notes = named('passes at its second attempt')?.notes.join('\n') ?? '';
    assert.match(notes, /attempt 1 of 3 failed: /);
    assert.match(notes, /flaky: passed at attempt 2/);
  });

  test('names the checkpoints and machines that there are where a lab has others', () => {
    assert.equal(named('no such checkpoint')?.error?.code, 'checkpoint-unknown');
    assert.equal(named('no such machine')?.error?.code, 'machine-unknown');
  });

  test('is reported as a page, as JUnit XML, and to GitHub, all at once', () => {
    const html = readFileSync(join(folder, 'test-results/report.html'), 'utf8');
    assert.match(html, /"title":"before it fails"/, 'with the actions of tests');
    assert.match(html, /goqemu trace|"trace":"fails\./);
    assert.match(readFileSync(join(folder, 'out/results.xml'), 'utf8'), /<testcase name="a suite &gt; fails"/);
    assert.match(annotations, /^::error file=forked\.lab\.test\.ts,line=27,title=a suite › fails::/m);
    assert.match(
      readFileSync(join(folder, 'summary.md'), 'utf8'),
      /^### ❌ [\s\S]*<summary>❌ a suite › fails <code>forked/,
    );
    assert.deepEqual(
      readdirSync(join(folder, 'test-results')).filter((name) => name.startsWith('.records')),
      [],
    );
  });

  test('keeps attachments with the results', () => {
    const path = join(folder, 'test-results/forked.lab.test.ts/a-fork-of-its-own/state.txt');
    assert.equal(readFileSync(path, 'utf8'), 'stopped');
    assert.ok(named('a fork of its own')?.notes.includes(`attachment: ${path}`));
  });

  test('--last-failed runs those that failed, and no other', async () => {
    const { code, stdout } = await goqemu(['test', '--last-failed', '--workers', '1', '--reporter', 'json']);
    const ran = (JSON.parse(stdout) as Document).tests.filter(({ status }) => status !== 'skipped');
    assert.equal(code, 1);
    assert.deepEqual(
      ran.map(({ path }) => path.at(-1)),
      ['a step that passes', 'fails', 'hangs', 'no such checkpoint', 'no such machine'],
    );
  });

  test('traces go with their forks', async () => {
    const { code, stderr } = await goqemu(['trace', 'delete', '--all']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(stacks(), ['default']);
  });
});

describe('which tests run', () => {
  test('--list names them with their places, and runs none', async () => {
    const { code, stdout } = await goqemu(['test', '--list', 'restored.lab.test.ts', 'forked.lab.test.ts']);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(lines.slice(2, 4), [
      'forked.lab.test.ts:25  a suite > fails',
      'forked.lab.test.ts:29  a suite > hangs',
    ]);
    assert.equal(lines.at(-3), 'forked.lab.test.ts:41  is to be written  (todo)');
    assert.equal(lines.at(-1), 'restored.lab.test.ts:10  finds it running');
  });

  test('are chosen by their names, in suites too, and by parts of the files', async () => {
    const listed = async (...words: string[]) => {
      const { stdout } = await goqemu(['test', '--list', '--reporter', 'json', ...words]);
      return (JSON.parse(stdout) as Document).tests.map(({ path }) => path.join(' > '));
    };
    assert.deepEqual(await listed('--name', 'finds it', '--name', '/^FAILS$/i'), [
      'a suite > fails',
      'finds it running',
    ]);
    assert.deepEqual(await listed('--name', '^a suite hangs'), ['a suite > hangs']);
    assert.deepEqual(await listed('--shard', '2/3'), ['stops what the next finds running', 'finds it running']);
  });

  test('--repeat gives each run a result; --until-fails one result, which tells the run that failed', async () => {
    write(
      'often/often.lab.test.ts',
      `import assert from 'node:assert/strict';
import { test } from 'goqemu/test';
let runs = 0;
test('fails the third time', () => { assert.notEqual(++runs, 3); });
`,
    );
    const often = ['test', 'often', '--reporter', 'json'];
    const repeated = JSON.parse((await goqemu([...often, '--repeat', '4'])).stdout) as Document;
    assert.deepEqual(
      repeated.tests.map(({ path, status }) => [path.join(), status]),
      [1, 2, 3, 4].map((run) => [`fails the third time [${run}/4]`, run === 3 ? 'failed' : 'passed']),
    );
    const until = JSON.parse((await goqemu([...often, '--until-fails', '9', '--trace', 'off'])).stdout) as Document;
    assert.equal(until.tests.length, 1);
    assert.deepEqual(until.tests[0]?.notes, ['failed in run 3 of 9']);
    const retried = await goqemu([...often, '--until-fails', '2']);
    assert.equal(retried.code, 0, retried.stdout);
  });

  test('.only runs alone, without an option', async () => {
    write(
      'only/only.lab.test.ts',
      `import { test } from 'goqemu/test';
test('not this one', () => { throw new Error(); });
test.only('this one', () => undefined);
`,
    );
    const { code, stdout, stderr } = await goqemu(['test', 'only', '--reporter', 'tap']);
    assert.equal(code, 0, stdout);
    assert.match(stderr, /only tests that are marked with \.only run/);
    assert.match(stdout, /^TAP version 13\n/);
  });
});

describe('what cannot be run', () => {
  const failing = async (words: readonly string[], code: number, message: RegExp) => {
    const run = await goqemu(['test', ...words]);
    assert.match(run.stderr, message);
    assert.equal(run.code, code, run.stderr);
    assert.equal(run.stdout, '');
  };

  test('is a mistake in the command line: 64', async () => {
    mkdirSync(join(folder, 'empty'));
    await failing(['empty'], 64, /there is no test file in empty[\s\S]*\.lab\.test\.ts/);
    await failing(['away.test.ts'], 64, /there is no away\.test\.ts/);
    await failing(['lab.lock.json'], 64, /lab\.lock\.json is no test file/);
    await failing(['--shard', '4/3'], 64, /"4\/3" is not I\/N/);
    await failing(['--name', 'no such test'], 64, /no test matches no such test/);
    await failing(['--name', '('], 64, /--name: Invalid regular expression/);
    await failing(['--reporter', 'pdf'], 64, /"pdf" is no reporter[\s\S]*spec, dot, tap and github/);
    await failing(['--reporter', 'tap', '--reporter', 'json'], 64, /only one reporter can write to standard output/);
    await failing(['--until-fails', '2', '--retries', '1'], 64, /--until-fails runs tests again itself/);
  });

  test('is a test file that cannot be read, or a lab that is wrong: 65', async () => {
    write('broken/syntax.test.ts', 'const = 1;\n');
    await failing(['broken/syntax.test.ts'], 65, /syntax\.test\.ts cannot be read: [\s\S]*test-file-failed/);
    write('broken/endless.test.ts', 'setInterval(() => undefined, 1_000);\nawait new Promise(() => undefined);\n');
    const endless = await goqemu(['test', 'broken/endless.test.ts'], { env: { GOQEMU_TIMEOUT_SCALE: '0.03' } });
    assert.match(endless.stderr, /that takes longer than 3\.6 s[\s\S]*never ends: \S*endless\.test\.ts/);
    assert.equal(endless.code, 65, endless.stderr);
    write('broken/import.test.ts', "import './away.ts';\n");
    await failing(['broken/import.test.ts'], 65, /import\.test\.ts cannot be read: Cannot find module/);
    write(
      'broken/extend.test.ts',
      `${head.replace('./lab.ts', '../lab.ts')}base.extend('lab', lab, { isolation: 'restore' });\n`,
    );
    await failing(['broken/extend.test.ts'], 65, /isolation "restore" needs a checkpoint to begin at/);
  });
});

test('a bare `node --test` runs the same tests where goqemu is installed, and applies the lab itself', async () => {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(installedPackage.folder, join(project, 'node_modules/goqemu'), 'junction');
  write('project/lab.ts', readFileSync(join(folder, 'lab.ts'), 'utf8').replace("'shop'", "'bare'"));
  write(
    'project/bare.test.mts',
    `${head}const test = base.extend('lab', lab, { at: 'ready', machines: ['web'] });
test('a fork', async ({ web, lab }) => { assert.match(lab.stack, /^test-/); await web.stop(); });
`,
  );
  const words = [...runTypeScript, '--test', '--test-reporter', 'tap', 'bare.test.mts'];
  const { code, stdout } = await runCommand(process.execPath, words, {
    cwd: project,
    env: { ...env, NODE_TEST_CONTEXT: undefined },
  });
  assert.match(stdout, /^ok 1 - a fork$/m);
  assert.equal(code, 0, stdout);
  assert.deepEqual(readdirSync(join(project, '.goqemu/bare')), ['default']);
});

test('Ctrl-C ends the run with 130 and leaves no fork', async () => {
  write(
    'endless/endless.lab.test.ts',
    `${head.replace('./lab.ts', '../lab.ts')}base.extend('lab', lab, { at: 'ready' })('never ends', async () => {
  console.log('it runs');
  await new Promise(() => setInterval(() => undefined, 1000));
});
`,
  );
  const run = await goqemu(['test', 'endless'], {
    onSpawn: async (pid) => {
      while (stacks().length === 1) await sleep(50);
      process.kill(pid, 'SIGINT');
    },
  });
  assert.equal(run.code, 130, run.stderr);
  assert.deepEqual(stacks(), ['default']);
});

test('with --watch tests run again when a file changes, also after one that cannot be read, until Ctrl-C', async () => {
  const at = join(folder, 'watched');
  write('watched/lab.ts', readFileSync(join(folder, 'lab.ts'), 'utf8').replace("'shop'", "'watched'"));
  const text = (body: string) => `${head}base.extend('lab', lab, { at: 'ready' })('holds', async () => { ${body} });`;
  write('watched/web.lab.test.ts', text('assert.equal(1, 2);'));
  const child = spawn(process.execPath, [installedPackage.command, 'test', '--watch', '--reporter', 'tap'], {
    cwd: at,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let screen = '';
  for (const output of [child.stdout, child.stderr])
    output.setEncoding('utf8').on('data', (chunk: string) => {
      screen += chunk;
    });
  const shows = async (wanted: RegExp) => {
    for (const end = Date.now() + 120_000; !wanted.test(screen); await sleep(50))
      assert.ok(Date.now() < end && child.exitCode === null, screen);
    screen = '';
  };
  await shows(/not ok 1 - holds.*waiting for a change/s);
  write('watched/web.lab.test.ts', `${head}const is broken`);
  await shows(/web\.lab\.test\.ts changed.*cannot be read.*waiting for a change/s);
  write('watched/web.lab.test.ts', text('assert.equal(2, 2);'));
  await shows(/^ok 1 - holds.*waiting for a change/ms);
  child.kill('SIGINT');
  assert.equal((await ended)[0], 130, screen);
});

test('a matrix runs each test on a lab of its own for every combination', async () => {
  write(
    'matrix/lab.ts',
    `import { defineLab, z } from 'goqemu';
export default defineLab({ name: 'many', params: z.object({ count: z.number().default(1) }) }, (lab, { count }) => {
  for (let n = 1; n <= count; n++) lab.vm('web-' + n).checkpoint('ready');
});
`,
  );
  write(
    'matrix/many.lab.test.ts',
    `${head}const test = base.extend('lab', lab, { at: 'ready', matrix: { count: [1, 2] } });
test('has its machines', async ({ t, lab }) => {
  const { machines } = await lab.status();
  assert.equal(machines.length, Number(/count=(\\d)/.exec(t.name)?.[1]));
});
`,
  );
  const { code, stdout, stderr } = await goqemu(['test', 'matrix', '--reporter', 'json']);
  const { tests } = JSON.parse(stdout) as Document;
  assert.deepEqual(
    tests.map(({ path, status, line }) => [path[0], status, line]),
    [1, 2].map((count) => [`has its machines [count=${count}]`, 'passed', 6]),
    stderr,
  );
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(join(folder, 'matrix/.goqemu/many')).sort(), ['1', '2']);
});
