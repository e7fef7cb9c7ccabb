import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { nodeOf } from '../../scripts/run/node-versions.ts';
import { installedPackage, projectFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';

/** A project that has goqemu, Playwright's test runner, and two versions of Vitest among its dependencies. */
const folder = projectFolder();
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { HOME: installedPackage.home, GOQEMU_HOME: join(folder, '.home'), GOQEMU_BACKEND: 'fake', CI: undefined };

mkdirSync(join(folder, 'node_modules/@playwright'), { recursive: true });
for (const name of ['vitest-4', 'vitest-5', '@playwright/test'])
  symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name), 'junction');

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

write('package.json', '{ "type": "module" }');
write(
  'lab.ts',
  `import { defineLab } from 'goqemu';
export default defineLab({ name: 'shop' }, (lab) => {
  const lan = lab.network('lan');
  lab.vm('web', { networks: { lan } }).run('nginx', 'echo nginx').checkpoint('ready');
  lab.vm('db', { networks: { lan } }).checkpoint('ready');
});
`,
);

/** Tests of which each breaks what the next one looks at; `suite` is what the runner calls \`describe\`. */
function tests(runner: 'vitest' | 'playwright', suite: string): string {
  const from = runner === 'vitest' ? 'vitest' : '@playwright/test';
  return `import assert from 'node:assert/strict';
import { ${suite === 'describe' ? 'describe, ' : ''}test as base } from '${from}';
import { expect, labFixtures } from 'goqemu/${runner}';
import lab from '../lab.ts';

interface Gone { readonly type: 'is not JavaScript' }
const test = base.extend(labFixtures('lab', lab, { at: 'ready', machines: ['web', 'db'], networks: ['lan'] }));
let kept: { restart(): Promise<void> } | undefined;
test('stops a machine', async ({ web, lab, mark, attach }) => {
  kept = web;
  assert.match(lab.stack, /^test-/);
  await web.stop();
  await mark('it is stopped');
  assert.match(await attach('state.txt', 'stopped'), /state\\.txt$/);
});
test('finds it running', async ({ lab, web, db }) => {
  const { machines } = await lab.status();
  assert.deepEqual(machines.map(({ name, state }) => [name, state]), [['db', 'running'], ['web', 'running']]);
  assert.deepEqual([web.name, db.name], ['web', 'db']);
  assert.throws(() => expect(1 as never), { code: 'option-invalid' });
  if (kept) await assert.rejects(async () => kept?.restart(), { code: 'test-ended' });
});
test('needs no lab', () => undefined);
${suite}('a suite', () => {
  test('fails', async ({ web, mark }) => {
    await mark('before it fails');
    await expect(web.file('/etc/motd')).toExist();
  });
});
`;
}

const hangs = "test('hangs', async ({ db }) => new Promise(() => undefined), 500);\n";
write('first/a.test.ts', `${tests('vitest', 'describe')}${hangs}`);
write('first/b.test.ts', tests('vitest', 'describe'));
write(
  'restored/one-lab.test.ts',
  `import assert from 'node:assert/strict';
import { test as base } from 'vitest';
import { labFixtures } from 'goqemu/vitest';
import lab from '../lab.ts';

const test = base.extend(labFixtures('shop', lab, { at: 'ready', isolation: 'restore' }));
test('stops what the next finds running', async ({ shop }) => shop.stop());
test('finds it running', async ({ shop }) => {
  assert.ok((await shop.status()).machines.every(({ state }) => state === 'running'));
});
test.fails('is expected to fail', async ({ shop }) => shop.restore('away'));
`,
);
write(
  'browser/a.spec.ts',
  `${tests('playwright', 'test.describe')}test('hangs', async ({ db }) => {
  test.setTimeout(500);
  await new Promise(() => undefined);
});
`,
);
write(
  'playwright.config.ts',
  `export default { testDir: 'browser', testMatch: '*.spec.ts', workers: 2, fullyParallel: true, reporter: 'json' };\n`,
);

const goqemu = async (...words: string[]) => {
  const run = await runCommand(process.execPath, [installedPackage.command, ...words], { cwd: folder, env });
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
};
const stacks = () => readdirSync(join(folder, '.goqemu/shop'));

interface VitestDocument {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs a version of Vitest, and gives each test with its result; of one that failed, with the first line of why. */
async function vitest(node: string, major: number, ...words: string[]) {
  // The name by which tests import it.
  rmSync(join(folder, 'node_modules/vitest'), { force: true });
  symlinkSync(resolve(`node_modules/vitest-${major}`), join(folder, 'node_modules/vitest'), 'junction');
  const command = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json'];
  const more = ['--outputFile.json=out.json', '--testTimeout=120000', '--hookTimeout=120000', ...words];
  const { stderr, stdout } = await runCommand(node, [...command, ...more], { cwd: folder, env });
  const { testResults } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as VitestDocument;
  assert.deepEqual(
    testResults.map(({ message }) => message).filter((message) => message !== ''),
    [],
    stdout + stderr,
  );
  const results = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages: [why = ''] }) =>
      status === 'failed' ? `${fullName}: ${why.split('\n')[0]}` : `${fullName}: ${status}`,
    ),
  );
  return { results: results.sort(), output: stdout + stderr };
}

const inFirst = [
  ...Array.from({ length: 2 }, () => 'a suite fails: fake-machine'),
  ...['stops a machine', 'finds it running', 'needs no lab'].flatMap((name) => [`${name}: passed`, `${name}: passed`]),
].sort();

interface Trace {
  readonly name: string;
  readonly path: string;
  readonly test: string;
  readonly file: string;
  readonly line: number | null;
}

async function traces(...words: string[]): Promise<readonly Trace[]> {
  const { traces: found } = JSON.parse(await goqemu('trace', 'list', '--json', ...words)) as { traces: Trace[] };
  return [...found].sort((a, b) => (a.test + a.file < b.test + b.file ? -1 : 1));
}

describe('Vitest', () => {
  test('gives each test a fork; files side by side apply the lab once, and failures leave traces', async () => {
    const { results, output } = await vitest(process.execPath, 4, '--dir=first');
    assert.deepEqual(results.map(reason), [...inFirst, 'hangs: time is up'].sort(), output);
    const { entries } = JSON.parse(await goqemu('history', '--json')) as { entries: { operations: object }[] };
    assert.equal(entries.filter(({ operations }) => 'create' in operations).length, 1);
    assert.match(output, /failed .* after the mark "before it fails"/);
    const found = await traces();
    assert.deepEqual(
      found.map(({ test: name, file }) => [name, file]),
      [
        ['a suite > fails', 'first/a.test.ts'],
        ['a suite > fails', 'first/b.test.ts'],
        ['hangs', 'first/a.test.ts'],
      ],
    );
    const shown = await goqemu('trace', 'show', found[0]?.name ?? '');
    assert.match(shown, /✓ mark before it fails .*\n +\d+ {2}✗ expect\(web\.file\("\/etc\/motd"\)\)\.toExist\(\)/);
    assert.equal(stacks().length, 4, 'the lab, and the forks of the traces');
    assert.equal(readFileSync(join(folder, 'test-results/a.test.ts/stops-a-machine/state.txt'), 'utf8'), 'stopped');
  });

  test('restores one lab for the tests of several files in turn, and takes an expected failure for none', async () => {
    copyFileSync(join(folder, 'restored/one-lab.test.ts'), join(folder, 'restored/same-lab.test.ts'));
    const before = (await traces()).length;
    const { results, output } = await vitest(process.execPath, 4, '--dir=restored', '--pool=threads');
    const each = ['finds it running', 'is expected to fail', 'stops what the next finds running'];
    assert.deepEqual(
      results,
      each.flatMap((name) => [`${name}: passed`, `${name}: passed`]),
      output,
    );
    assert.equal((await traces()).length, before);
  });

  test('does the same in its newest version; of traces of earlier runs ten stay', async () => {
    const [first] = await traces();
    for (let n = 0; n < 12; n++) {
      const copy = join(folder, `test-results/traces/old.gone-${n}.trace.jsonl`);
      copyFileSync(first?.path ?? '', copy);
      utimesSync(copy, 1000 + n, 1000 + n);
    }
    const { path, version } = await nodeOf('22');
    const { results, output } = await vitest(path, 5, '--dir=first', '--pool=threads');
    assert.deepEqual(results.map(reason), [...inFirst, 'hangs: time is up'].sort(), `${version}\n${output}`);
    const found = await traces();
    assert.equal(found.length, 10, 'of each run three, and four of the old ones');
    assert.equal(found.filter(({ name }) => name.startsWith('old.')).length, 4);
    const refused = await vitest(path, 5, '--dir=restored', '--pool=vmThreads').then(
      () => assert.fail('it ran'),
      (error: Error) => error.message,
    );
    assert.match(refused, /vmThreads and vmForks[\s\S]*asyncDispose/);
  });
});

/** What the versions say in words of their own. */
function reason(result: string): string {
  return result
    .replace(/^hangs: .*/, 'hangs: time is up')
    .replace(/^(a suite fails): .*fake backend has no guest.*/, '$1: fake-machine');
}

test('Playwright gives each test a fork, and its reports name the traces', async () => {
  const { stdout, stderr } = await runCommand(
    process.execPath,
    [join(folder, 'node_modules/@playwright/test/cli.js'), 'test'],
    { cwd: folder, env },
  );
  const { suites } = JSON.parse(stdout) as { readonly suites: readonly Suite[] };
  const specs = suites.flatMap(specsOf);
  assert.deepEqual(
    specs.map(({ title, status }) => `${title}: ${status}`).sort(),
    [
      ...['fails: failed', 'finds it running: passed', 'hangs: timedOut', 'needs no lab: passed'],
      'stops a machine: passed',
    ],
    stdout + stderr,
  );
  const attached = (title: string) =>
    specs.find((spec) => spec.title === title)?.attachments.map(({ path }) => path ?? '') ?? [];
  assert.match(attached('stops a machine')[0] ?? '', /test-results.*state\.txt$/);
  assert.ok(existsSync(attached('stops a machine')[0] ?? ''));
  const found = await traces('--trace-dir', 'goqemu-traces');
  assert.deepEqual(
    found.map(({ test: name, file, line }) => [name, file, line]),
    [
      ['a suite > fails', 'browser/a.spec.ts', 25],
      ['hangs', 'browser/a.spec.ts', 30],
    ],
  );
  assert.ok(attached('fails').includes(found[0]?.path ?? ''), stdout);
  assert.match(await goqemu('trace', 'show', found[0]?.path ?? ''), /goqemu trace open goqemu-traces\/a-suite-fails/);
  await goqemu('trace', 'delete', '--all', '--trace-dir', 'goqemu-traces');
});

interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly results: readonly {
        readonly status: string;
        readonly attachments: readonly { readonly path?: string }[];
      }[];
    }[];
  }[];
}

function specsOf({ suites = [], specs }: Suite): readonly {
  readonly title: string;
  readonly status: string;
  readonly attachments: readonly { readonly path?: string }[];
}[] {
  const own = specs.map(({ title, tests: [only] }) => {
    const [{ status = '', attachments = [] } = {}] = only?.results ?? [];
    return { title, status, attachments };
  });
  return [...own, ...suites.flatMap(specsOf)];
}
