import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';

const example = new URL('../../examples/two-vms/lab.ts', import.meta.url);

test('the example with two machines: the second starts from the first one’s boot and learns its token', async () => {
  await using folder = await LabFolder.make(await readFile(example, 'utf8'));
  await folder.ok('apply', '--yes');
  const [server, client] = await Promise.all([
    folder.ok('exec', 'server', '--', 'sh', '-c', 'hostname; cat /srv/greeting; cat /etc/machine-id'),
    folder.ok('exec', 'client', '--', 'sh', '-c', 'hostname; sudo cat /root/token; cat /etc/machine-id'),
  ]);
  const [serverName, greeting, serverId] = server.stdout.split('\n');
  const [clientName, token, clientId] = client.stdout.split('\n');
  assert.deepEqual([serverName, greeting, clientName], ['server', 'hello', 'client']);
  assert.match(token ?? '', /^[0-9a-f-]{36}$/);
  assert.notEqual(serverId, clientId);

  const both = await folder.ok('exec', 'server', 'client', '--', 'hostname');
  assert.deepEqual(both.stdout.trim().split('\n').sort(), ['client │ client', 'server │ server']);

  const plan = await folder.json<{ changes: number; operations: unknown[] }>('plan');
  assert.equal(plan.changes, 0, JSON.stringify(plan.operations));
});
