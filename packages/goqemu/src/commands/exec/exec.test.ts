import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LabWithGuest } from '../../shell/fixture/lab-with-guest.ts';
import type { TestLab } from '../../shell/fixture/test-lab.ts';

let opened: LabWithGuest;
let lab: TestLab;

before(async () => {
  opened = await LabWithGuest.open(['web', 'worker-1']);
  lab = opened.lab;
});

after(() => opened[Symbol.asyncDispose]());

test('exec passes each word on as it is and gives back output and exit code', async () => {
  const words = ['$(touch /tmp/x)', "it's", 'a  b', '"', '*', '\\', 'ü\n;'];
  const { code, stdout, stderr } = await lab.run([
    'exec',
    'web',
    '--',
    'sh',
    '-c',
    'printf "<%s>" "$@"; exit 7',
    'sh',
    ...words,
  ]);
  assert.equal(stderr, '');
  assert.equal(stdout, words.map((word) => `<${word}>`).join(''));
  assert.equal(code, 7);
});

test('standard output and standard error stay apart', async () => {
  const { stdout, stderr } = await lab.run(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2']);
  assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
});

test('the output of several machines has their names before each line', async () => {
  const { code, stdout } = await lab.run(['exec', 'web', 'worker-1', '--', 'printf', 'one\ntwo']);
  assert.equal(code, 0);
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    'web      | one',
    'web      | two',
    'worker-1 | one',
    'worker-1 | two',
  ]);
});

test('exec --json is one document', async () => {
  const { code, stdout } = await lab.run(['exec', 'web', '--json', '--', 'sh', '-c', 'echo out; exit 3']);
  const { results } = JSON.parse(stdout) as { results: { machine: string; exitCode: number; stdout: string }[] };
  assert.deepEqual(
    results.map(({ machine, exitCode, stdout: out }) => [machine, exitCode, out]),
    [['web', 3, 'out\n']],
  );
  assert.equal(code, 3);
});

test('a signal that ended the command is 128 and its number', async () => {
  assert.equal((await lab.run(['exec', 'web', '--', 'sh', '-c', 'kill -TERM $$'])).code, 143);
});

test('a machine that does not run is no connection: 255, and says so at once', async () => {
  lab.host.crash('worker-1');
  const { code, stderr } = await lab.run(['exec', 'worker-1', '--', 'true']);
  assert.equal(code, 255);
  assert.match(stderr, /machine worker-1 is crashed/);
});

test('cp copies files and folders in and out', async () => {
  mkdirSync(lab.file('site/css'), { recursive: true });
  writeFileSync(lab.file('site/css/a.css'), 'body {}');
  const there = `web:${lab.file('in the guest')}`;
  const up = await lab.run(['cp', 'site', there]);
  assert.equal(up.code, 0, up.stderr);
  assert.equal(readFileSync(lab.file('in the guest/css/a.css'), 'utf8'), 'body {}');
  const down = await lab.run(['cp', `${there}/css/a.css`, '.']);
  assert.equal(down.code, 0, down.stderr);
  assert.equal(readFileSync(lab.file('a.css'), 'utf8'), 'body {}');
  assert.equal((await lab.run(['cp', 'site', 'elsewhere'])).code, 64);
  assert.equal((await lab.run(['cp', 'web:/a', 'worker-1:/b'])).code, 64);
});
