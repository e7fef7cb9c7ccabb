import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { generateSshKeyPair } from '@goqemu/guest';
import { startOpensshServer } from '@goqemu/testing';
import type { FakeGuest } from '../../host/fixture/fake-host-backend.ts';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';

let guest: FakeGuest;
let lab: TestLab;

before(async () => {
  const [host, access] = await Promise.all([generateSshKeyPair('host'), generateSshKeyPair('access')]);
  const server = await startOpensshServer({ hostPrivateKey: host.privateKey, authorizedKeys: [access.publicKey] });
  guest = { server, privateKey: access.privateKey, hostKey: host.publicKey };
  lab = new TestLab(labOf('web', ['web']));
  lab.settings = { guest };
  const { code, stderr } = await lab.run(['apply', '--yes']);
  assert.equal(code, 0, stderr);
});

after(async () => {
  await guest.server[Symbol.asyncDispose]();
  lab[Symbol.dispose]();
});

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
