import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { findLabFile } from '../loader/lab-file.ts';
import { LabWithGuest } from '../shell/fixture/lab-with-guest.ts';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';

/** A lab that is applied. */
async function appliedLab(machines: readonly string[]): Promise<TestLab> {
  const lab = new TestLab(labOf('web', machines));
  const { code, stderr } = await lab.run(['apply', '--yes']);
  assert.equal(code, 0, stderr);
  return lab;
}

test('exec and ssh without -- begin the command at the first word that is not an option', async () => {
  await using opened = await LabWithGuest.open(['web']);
  const { lab } = opened;
  const { code, stdout, stderr } = await lab.run(['exec', 'web', 'sh', '-c', 'echo "$0 $1"; exit 3', '--json', '-h']);
  assert.deepEqual([code, stdout, stderr], [3, '--json -h\n', '']);
  const json = await lab.run(['exec', '--json', 'web', 'echo', 'x', '--help']);
  assert.equal(JSON.parse(json.stdout).results[0].stdout, 'x --help\n');
  assert.equal((await lab.run(['ssh', 'web', 'echo', 'from', 'ssh'])).stdout, 'from ssh\n');
});

test('exec names -- where a word may be a machine or the command', async () => {
  using lab = await appliedLab(['web', 'worker-1']);
  const machine = await lab.run(['exec', 'web', 'worker-1', 'uptime']);
  assert.equal(machine.code, 64);
  assert.match(machine.stderr, /"worker-1" is a machine of the lab/);
  assert.match(machine.stderr, /goqemu exec web worker-1 '?--'? uptime; .*goqemu exec web '?--'? worker-1 uptime/);
  const separated = await lab.run(['exec', 'web', 'git', 'checkout', '--', 'a b']);
  assert.equal(separated.code, 64);
  assert.match(separated.stderr, /goqemu exec web ('?--'?) git checkout \1 'a b'/);
  assert.equal((await lab.run(['exec', 'wbe', 'uptime'])).code, 64);
});

test('a machine in the place of the lab is understood by status, and answered with --target by the others', async () => {
  using lab = await appliedLab(['web', 'worker-1']);
  const one = JSON.parse((await lab.run(['status', 'worker-1', '--json'])).stdout) as { machines: { name: string }[] };
  assert.deepEqual(
    one.machines.map(({ name }) => name),
    ['worker-1'],
  );
  assert.match((await lab.run(['status', 'web', 'lab.ts'])).stdout, /^MACHINE.*\nweb [^\n]*\n\n/);
  const unknown = await lab.run(['status', 'wbe']);
  assert.equal(unknown.code, 64);
  assert.match(unknown.stderr, /did you mean "web"\?/);
  for (const command of ['plan', 'apply', 'destroy']) {
    const { code, stderr } = await lab.run([command, 'web', ...(command === 'plan' ? [] : ['--yes'])]);
    assert.equal(code, 64);
    assert.ok(stderr.includes(`goqemu ${command} --target web`), stderr);
  }
  for (const command of ['refresh', 'graph', 'lock', 'validate']) {
    const { code, stderr } = await lab.run([command, 'web']);
    assert.equal(code, 64);
    assert.match(stderr, /is about the whole lab: leave "web" out/);
  }
  mkdirSync(lab.file('web'));
  assert.equal((await lab.run(['plan', 'web'])).code, 64, 'a folder without a lab is none');
  writeFileSync(lab.file('web/lab.ts'), labOf('other', ['a']));
  assert.equal((await lab.run(['plan', 'web'])).code, 0);
});

test('the lab is looked for upwards, and its own paths stay relative to it', async () => {
  using lab = new TestLab(`import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
  lab.vm('web').upload('site', './site', '/var/www').checkpoint('ready');
});
`);
  mkdirSync(lab.file('site'));
  const below = lab.file('notes/today');
  mkdirSync(below, { recursive: true });
  const there = { workingFolder: below };
  const applied = await lab.run(['apply', '--yes', '--events', 'run.ndjson'], there);
  assert.equal(applied.code, 0, applied.stderr);
  assert.match(applied.stderr, /^using \.\.[\\/]\.\.[\\/]lab\.ts$/m);
  assert.ok(existsSync(join(below, 'run.ndjson')), 'what the command line names is relative to the working folder');
  assert.ok(existsSync(lab.file('.goqemu/web')), 'the state lies beside the lab');
  const status = await lab.run(['status', 'web'], there);
  assert.match(status.stdout, /web +running/);
  assert.equal((await lab.run(['status', '-q'], there)).stderr, '');
  const here = await lab.run(['status']);
  assert.doesNotMatch(here.stderr, /using/);
  const none = await lab.run(['plan'], { workingFolder: lab.base });
  assert.equal(none.code, 65);
  assert.match(none.stderr, /there is no lab\.ts in .* or above it/);
});

test('a lab above that another user could have put there is not run', () => {
  using lab = new TestLab(labOf('web', ['web']));
  const below = lab.file('below');
  mkdirSync(below);
  const { uid } = statSync(lab.file('lab.ts'));
  const platform = { ...hostPlatform(), uid: uid + 1, env: {} };
  const find = (named: string | undefined, folder: string, as = platform) =>
    findLabFile(named, { workingFolder: folder, platform: as });
  if (uid !== 0) assert.throws(() => find(undefined, below), { code: 'lab-foreign' });
  else {
    // Root may own what is above; another user may not, not even above root.
    chownSync(lab.file('lab.ts'), 4711, 4711);
    assert.throws(() => find(undefined, below), { code: 'lab-foreign' });
    const asRoot = { ...hostPlatform(), uid: 0, env: {} };
    assert.throws(() => find(undefined, below, asRoot), { code: 'lab-foreign' });
    assert.equal(find(undefined, below, { ...asRoot, env: { SUDO_UID: '4711' } }), lab.file('lab.ts'));
  }
  assert.equal(find('../lab.ts', below), lab.file('lab.ts'), 'unless it is named');
  assert.equal(find(undefined, lab.folder), lab.file('lab.ts'), 'or in the folder itself');
  assert.equal(find(undefined, below, { ...platform, uid: undefined as never }), lab.file('lab.ts'));
});

test('validate checks the lab without a state and without its machines', async () => {
  using lab = new TestLab(`import { defineLab, z } from 'goqemu';
export default defineLab({ name: 'web', params: z.object({ workers: z.number().int().min(1).default(1) }) }, (lab, { workers }) => {
  lab.template('base').upload('site', './site', '/var/www').checkpoint('made');
  for (let i = 0; i < workers; i++) lab.vm(\`w-\${i}\`, { image: 'debian-12' });
});
`);
  const alone = { backend: () => Promise.reject(new Error('it asked for a backend')) };
  const missing = await lab.run(['validate'], alone);
  assert.equal(missing.code, 65);
  assert.match(missing.stderr, /site does not exist/);
  assert.match(missing.stderr, /lab\.ts:3:/);
  lab.write('', 'site');
  const valid = await lab.run(['validate', '--param', 'workers=2', '--check-pure'], alone);
  assert.equal(valid.code, 0, valid.stderr);
  assert.equal(valid.stdout, 'Lab web is valid: 2 machines, 1 template.\n');
  assert.deepEqual(JSON.parse((await lab.run(['validate', '--json'], alone)).stdout), {
    version: 1,
    lab: 'web',
    stack: 'default',
    valid: true,
    machines: ['w-0'],
    templates: ['base'],
  });
  const wrong = await lab.run(['validate', '--param', 'workers=0'], alone);
  assert.match(wrong.stderr, /parameter "workers": expected at least 1, got 0/);
  assert.equal((await lab.run(['validate', '--json', '--param', 'workers=x'], alone)).code, 65);
  lab.write(labOf('web', ['web']).replace("memory: '1 GiB'", "memory: '1 GiB', image: 'debain-12'"));
  const image = await lab.run(['validate'], alone);
  assert.match(image.stderr, /did you mean "debian-12"\?/);
  assert.match(image.stderr, /lab\.ts:3:/);
  assert.equal(existsSync(lab.file('.goqemu')), false);
});

test('output prints what the lab returned: all, one, raw, or as JSON', async () => {
  using lab = new TestLab(`import { defineLab, secret } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
  lab.vm('web').run('step', 'true');
  return { url: 'http://x/\\u202e', ports: [1, 2], key: secret('key', { env: 'KEY' }) };
});
`);
  assert.match((await lab.run(['output', 'url'])).stderr, /once it has been applied/);
  const applied = await lab.run(['apply', '--yes'], { env: { KEY: 's3cret' } });
  assert.equal(applied.code, 0, applied.stderr);
  assert.match((await lab.run(['output'])).stdout, /^url +http:\/\/x\/\\u\{202e\}\nports +\[1,2\]\nkey +\(secret\)\n$/);
  assert.equal((await lab.run(['output', 'url', '--raw'])).stdout, 'http://x/\u202e');
  assert.equal((await lab.run(['output', 'ports', '--raw'])).stdout, '[1,2]');
  assert.equal((await lab.run(['output', 'ports'])).stdout, '[1,2]\n');
  const { name, value } = JSON.parse((await lab.run(['output', 'ports', '--json'])).stdout);
  assert.deepEqual([name, value], ['ports', [1, 2]]);
  assert.equal(JSON.parse((await lab.run(['output', '--json'])).stdout).outputs.key, null);
  const near = await lab.run(['output', 'ur']);
  assert.equal(near.code, 64);
  assert.match(near.stderr, /did you mean "url"\?/);
  const withheld = await lab.run(['output', 'key', '--raw']);
  assert.deepEqual([withheld.code, withheld.stdout], [65, '']);
  assert.equal((await lab.run(['output', '--raw'])).code, 64);
  assert.equal((await lab.run(['output', 'url', '--raw', '--json'])).code, 64);
});

test('a word of another tool is answered with the command that it is here, exit code 64', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  for (const [words, here] of [
    [['up'], /goqemu apply/],
    [['down', '-v'], /goqemu destroy/],
    [['halt'], /goqemu stop/],
    [['reboot', 'web'], /goqemu restart/],
    [['restore', 'ready'], /goqemu checkpoint restore NAME/],
    [['apply', '--auto-approve'], /--yes/],
    [['destroy', '--force'], /--yes/],
    [['plan', '--var', 'workers=3'], /--param NAME=VALUE/],
  ] as const) {
    const { code, stderr } = await lab.run(words);
    assert.equal(code, 64, words.join(' '));
    assert.match(stderr, here);
  }
});
