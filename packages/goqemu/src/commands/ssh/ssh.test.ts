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

test('a program shows its output where nobody can type: standard input is at its end', async () => {
  const { code, stdout, stderr } = await lab.run(['ssh', 'web', '--', 'sh', '-c', 'sleep 0.2; echo shown; exit 3']);
  assert.deepEqual([code, stdout, stderr], [3, 'shown\r\n', '']);
});

test('a program that reads its terminal is told of the end of standard input', async () => {
  const { code } = await lab.run(['ssh', 'web', '--', 'cat']);
  assert.equal(code, 0);
});
