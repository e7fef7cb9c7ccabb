/** Another process of the same computer, which can connect to a machine's ports of loopback as anybody can, and has no key. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openTransport, QmpClient } from '@goqemu/protocol';
import { places } from '../../scripts/windows/lane-folder.ts';
import { goqemu, machineFile, prepareLab, removeFolders } from './windows-commands.ts';

const lab = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'monitors' }, (lab) => {
  lab.vm('web', { image: 'C:/images/tiny.qcow2', user: 'debian', memory: '256 MiB', cpus: 1, accelerator: 'whpx' });
});
`;

/** Milliseconds in which a monitor greets who has the key, many times over. */
const greetingTimeoutMs = 5000;

before(() => prepareLab(lab));

after(async () => {
  await goqemu('destroy', '--yes');
  await removeFolders();
});

test('who connects to a monitor without its key, or with another, gets nothing; who has the key is greeted', async () => {
  await goqemu('apply', '--yes');
  const { sockets } = JSON.parse(await readFile(await machineFile('web'), 'utf8')).machine;
  for (const name of ['control', 'readers', 'tools', 'agent']) {
    const { kind, host, port } = sockets[name];
    assert.equal(kind, 'tls-psk', name);
    const plain = await openTransport({ host, port });
    await assert.rejects(QmpClient.connect(plain, { greetingTimeoutMs }), name);
    for (const identity of ['qemu', 'somebody'])
      await assert.rejects(openTransport({ host, port, psk: { identity, key: Buffer.alloc(32) } }), name);
  }
  const { host, port, keyFolder } = sockets.tools;
  const line = await readFile(
    join(places.driveC, keyFolder.replace(/^C:/i, '').replaceAll('\\', '/'), 'keys.psk'),
    'utf8',
  );
  const [identity = '', hex = ''] = line.trim().split(':');
  const client = await QmpClient.connect(
    await openTransport({ host, port, psk: { identity, key: Buffer.from(hex, 'hex') } }),
    { greetingTimeoutMs },
  );
  assert.deepEqual((await client.execute('query-status')).running, true);
  await client.close();
});
