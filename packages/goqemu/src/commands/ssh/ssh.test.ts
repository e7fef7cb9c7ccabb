import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LabWithGuest } from '../../shell/fixture/lab-with-guest.ts';
import type { TestLab } from '../../shell/fixture/test-lab.ts';

let opened: LabWithGuest;
let lab: TestLab;

before(async () => {
  opened = await LabWithGuest.open(['web']);
  lab = opened.lab;
});

after(() => opened[Symbol.asyncDispose]());

const ssh = (input: string, ...command: string[]) =>
  lab.run(['ssh', 'web', ...(command.length > 0 ? ['--', ...command] : [])], { input });

test('where standard input is no terminal, bytes pass as they are, and both outputs apart', async () => {
  const shown = await ssh('', 'sh', '-c', 'sleep 0.2; echo shown; echo beside >&2; exit 3');
  assert.deepEqual([shown.code, shown.stdout, shown.stderr], [3, 'shown\n', 'beside\n']);
  const piped = await ssh('one\ntwo\n', 'cat');
  assert.deepEqual([piped.code, piped.stdout], [0, 'one\ntwo\n']);
});

test('a program that leaves before the end of the input ends the command', async () => {
  assert.equal((await ssh('line\n'.repeat(1_000_000), 'head', '-n', '1')).stdout, 'line\n');
});

test('a shell without a terminal reads a script, and ends with it', async () => {
  const { code, stdout } = await ssh('echo $((20 + 3)); exit 4\n');
  assert.deepEqual([code, stdout], [4, '23\n']);
  assert.equal((await ssh('')).code, 0);
});
