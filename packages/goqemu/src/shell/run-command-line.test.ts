import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { type Ran, runInTestShell } from './fixture/test-shell.ts';
import { version } from './version.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-shell-'));
after(() => rmSync(base, { recursive: true }));

function run(...argv: string[]): Promise<Ran> {
  return runInTestShell(argv, { workingFolder: base, home: join(base, 'home') });
}

test('--version prints the version alone', async () => {
  assert.deepEqual(await run('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('help goes to standard output when asked for, else to standard error with code 64', async () => {
  const asked = await run('--help');
  assert.equal(asked.code, 0);
  assert.match(asked.stdout, /^goqemu turns a lab\.ts/);
  const bare = await run();
  assert.equal(bare.code, 64);
  assert.equal(bare.stdout, '');
  assert.equal(bare.stderr, asked.stdout);
});

test('help of a command shows its usage, options and examples', async () => {
  for (const words of [
    ['help', 'exec'],
    ['exec', '--help'],
  ]) {
    const { code, stdout } = await run(...words);
    assert.equal(code, 0);
    assert.match(stdout, /Usage: goqemu exec MACHINE… \[OPTIONS\] \[--\] COMMAND…/);
    assert.match(stdout, /-u, --user NAME/);
    assert.match(stdout, /goqemu exec web uname -a/);
  }
  assert.match((await run('help', 'checkpoint')).stdout, /checkpoint restore/);
});

test('-h after -- belongs to the command that is run', async () => {
  const { code, stderr } = await run('exec', 'web', '--', 'ls', '-h');
  assert.equal(code, 65); // it continued and looked for the lab
  assert.match(stderr, /there is no lab\.ts/);
});

test('an unknown command, option or option value exits with 64 and says what was meant', async () => {
  const command = await run('aply');
  assert.equal(command.code, 64);
  assert.match(command.stderr, /did you mean "goqemu apply"\?/);
  const option = await run('plan', '--jsn');
  assert.equal(option.code, 64);
  assert.match(option.stderr, /did you mean "--json"\?/);
  assert.equal((await run('graph', '--format', 'pdf')).code, 64);
  assert.equal((await run('--nonsense')).code, 64);
});

test('apply and destroy without a terminal refuse at once unless --yes is there', async () => {
  for (const command of ['apply', 'destroy']) {
    const { code, stderr } = await run(command, 'no-such-lab.ts');
    assert.equal(code, 64);
    assert.match(stderr, /add --yes/);
  }
});

test('--json with --events on standard output is refused by every command that has both', async () => {
  const both = commands.filter(({ options }) => options.json && options.events);
  assert.ok(both.length > 6);
  for (const { name } of both) {
    const words = name === 'forward' ? ['web', '8080:80'] : ['--yes'];
    const { code, stderr } = await run(...name.split(' '), ...words, '--json', '--events', '-');
    assert.equal(code, 64, name);
    assert.match(stderr, /--json and --events - both write to standard output/, name);
  }
});

test('an invalid lab exits with 65 and shows the place in the file', async () => {
  const file = join(base, 'broken.ts');
  writeFileSync(
    file,
    "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'x' }, (lab) => {\n  lab.vm(;\n});\n",
  );
  const backend = () => Promise.resolve({} as never);
  const { code, stdout, stderr } = await runInTestShell(['plan', file], {
    workingFolder: base,
    home: join(base, 'home'),
    backend,
  });
  assert.equal(code, 65);
  assert.equal(stdout, '');
  assert.match(stderr, /broken\.ts:3:10/);
  assert.match(stderr, /> 3 \| {3}lab\.vm\(;/);
  assert.match(stderr, /next: /);
  assert.doesNotMatch(stderr, /\n\s+at /);
});

test('a failure names the debug log, which has the stack; --debug shows it at once', async () => {
  const home = join(base, 'log-home');
  const { stderr } = await runInTestShell(['plan', 'gone.ts'], { workingFolder: base, home });
  const path = /log: (.*\.log)/.exec(stderr)?.[1];
  assert.ok(path, stderr);
  assert.ok(path.startsWith(join(home, 'logs')));
  assert.match(readFileSync(path, 'utf8'), /lab-missing|there is no lab/);
  const shown = await runInTestShell(['plan', 'gone.ts', '--debug'], { workingFolder: base, home });
  assert.match(shown.stderr, /\n\s+at .*lab-file/);
});

test('commands that only print leave no log behind', async () => {
  const home = join(base, 'quiet-home');
  for (const words of [['help'], ['completion', 'bash'], ['image', 'list']])
    assert.equal((await runInTestShell(words, { workingFolder: base, home })).code, 0);
  assert.throws(() => readdirSync(join(home, 'logs')));
});

test('colours come when asked for and never otherwise without a terminal', async () => {
  const bold = '\u001b[1m';
  assert.ok(!(await run('help')).stdout.includes('\u001b'));
  assert.ok((await run('help', '--color')).stdout.includes(bold));
  assert.ok((await run('--color=always', 'help')).stdout.includes(bold));
  assert.ok(!(await run('help', '--color', '--no-color')).stdout.includes('\u001b'));
});

test('GOQEMU_TIMEOUT_SCALE that is no number is refused before anything is done', async () => {
  const env = { GOQEMU_TIMEOUT_SCALE: 'slow' };
  const { code, stderr } = await runInTestShell(['plan'], { workingFolder: base, home: join(base, 'home'), env });
  assert.equal(code, 64);
  assert.match(stderr, /GOQEMU_TIMEOUT_SCALE must be a number greater than 0/);
});

test('init writes a project, and says what to commit and what to type next', async () => {
  const folder = mkdtempSync(join(base, 'init-'));
  const options = { workingFolder: folder, home: join(base, 'home') };
  const first = await runInTestShell(['init', 'My Web'], options);
  assert.equal(first.code, 0);
  const files = ['.gitignore', 'lab.ts', 'package.json', 'tsconfig.json'];
  assert.deepEqual(readdirSync(join(folder, 'My Web')).sort(), files);
  assert.match(first.stderr, /^wrote 'My Web[\\/]lab\.ts', 'My Web[\\/]package\.json'/m);
  assert.match(first.stderr, /commit all of these, and lab\.lock\.json/);
  assert.match(first.stderr, /next:\n {2}cd 'My Web'\n {2}npm install\n {2}npx goqemu plan\n/);
  assert.equal((await runInTestShell(['validate', 'My Web'], options)).stdout, 'Lab my-web is valid: 1 machine.\n');
  const second = await runInTestShell(['init', 'My Web'], options);
  assert.equal(second.code, 65);
  assert.match(second.stderr, /already exists/);
});

test('init --bare writes the lab alone', async () => {
  const folder = mkdtempSync(join(base, 'init-'));
  const { stderr } = await runInTestShell(['init', '--bare'], { workingFolder: folder, home: join(base, 'home') });
  assert.deepEqual(readdirSync(folder), ['lab.ts']);
  assert.equal(stderr, 'wrote lab.ts\nnext:\n  goqemu plan\n');
});

test('init changes no file that is there, and says what it would need', async () => {
  const folder = mkdtempSync(join(base, 'init-'));
  const there = { 'package.json': '{}', 'tsconfig.json': '{ }', '.gitignore': 'node_modules\n' };
  for (const [name, content] of Object.entries(there)) writeFileSync(join(folder, name), content);
  const { code, stderr } = await runInTestShell(['init'], { workingFolder: folder, home: join(base, 'home') });
  assert.equal(code, 0);
  for (const [name, content] of Object.entries(there)) assert.equal(readFileSync(join(folder, name), 'utf8'), content);
  assert.match(stderr, /^kept package\.json; add to it with: npm install --save-dev @types\/node goqemu typescript$/m);
  assert.match(stderr, /^kept \.gitignore; add to it: \.goqemu\/ \*\.plan$/m);
  assert.match(stderr, /^wrote lab\.ts$/m);
});

test('image list of an empty cache says so, and as JSON is one document', async () => {
  assert.match((await run('image', 'list')).stdout, /No image is cached/);
  const { stdout } = await run('image', 'list', '--all', '--json');
  const document = JSON.parse(stdout) as { images: unknown[]; catalogue: { name: string }[] };
  assert.deepEqual(document.images, []);
  assert.ok(document.catalogue.some(({ name }) => name === 'debian-12'));
});

test('an error with --json is one document on standard output, for every command and every kind of error', async () => {
  const file = join(base, 'json-broken.ts');
  writeFileSync(
    file,
    "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'x' }, (lab) => {\n  lab.vm(;\n});\n",
  );
  for (const [words, code, error] of [
    [['plan', 'gone.ts', '--json'], 65, 'lab-missing'],
    [['plan', '--json', '--nonsense'], 64, 'usage'],
    [['aply', '--json'], 64, 'usage'],
    [['apply', file, '--json'], 64, 'usage'],
    [['status', '--lab', file, '--json'], 65, 'lab-syntax'],
    [['checkpoint', 'list', '--lab', 'gone.ts', '--json'], 65, 'lab-missing'],
    [['image', 'remove', 'gone', '--json'], 65, 'image-not-cached'],
  ] as const) {
    const ran = await runInTestShell(words, {
      workingFolder: base,
      home: join(base, 'home'),
      backend: () => Promise.resolve({} as never),
    });
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stderr}`);
    const document = JSON.parse(ran.stdout) as { version: number; error: Record<string, unknown> };
    assert.equal(document.version, 1);
    assert.equal(document.error.code, error);
    for (const part of ['source', 'message', 'hint']) assert.equal(typeof document.error[part], 'string', part);
    assert.match(ran.stderr, /^error: /m, 'and in words on standard error');
  }
  const plain = await run('exec', 'web', '--', 'tool', '--json');
  assert.equal(plain.stdout, '', 'the words after -- are those of the command in the guest');
});

test('names that a terminal would obey are shown and never reach it', async () => {
  // Windows has no names with control characters.
  const names =
    process.platform === 'win32' ? ['a\u202eb.ts', 'new\u202e'] : ['a\u202eb\u001b[2Jc.ts', 'new\u001b[2J\nline'];
  const [file = '', folder = ''] = names.map((name) => join(base, name));
  writeFileSync(file, 'export default 42; // \u202e\n');
  const backend = () => Promise.resolve({} as never);
  const options = { workingFolder: base, home: join(base, 'home'), backend };
  for (const words of [
    ['plan', file],
    ['plan', `${file}x\u0007`],
    ['plan', '--\u202e'],
    ['plan', file, '--debug'],
    ['init', folder],
  ]) {
    const { stdout, stderr } = await runInTestShell(words, options);
    assert.doesNotMatch(stdout + stderr, /(?![\n\t])[\p{Cc}\p{Cf}]/u);
    assert.match(stdout + stderr, /\\u\{(?:202e|1b|7)\}|\\U0000001b|\[char\]0x202e/);
  }
});

test('the errors of the host come in words, with the path and what to do', async () => {
  const file = join(base, 'is-a-file');
  writeFileSync(file, '');
  const options = { workingFolder: base, home: join(base, 'home') };
  // Windows says of a path through a file that it is not there: the folder above is tried then.
  const through =
    /cannot create the folder .*is-a-file(?:\/sub: a part of the path is a file|: there is something of that)/;
  for (const [words, code, message] of [
    [['init', join(file, 'sub')], 1, through],
    [['init', file], 1, /cannot create the folder .*is-a-file: there is something of that name already/],
    [['init', join(base, 'n'.repeat(300))], 1, /the name is too long/],
  ] as const) {
    const ran = await runInTestShell(words, options);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, message);
    assert.match(ran.stderr, /next: /);
    assert.doesNotMatch(ran.stderr, /internal|defect/);
  }
});
