import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** Nothing listens there: names that the networks do not know would take their time. */
const ownServer = '127.0.0.1';

const step = `systemctl disable --now systemd-resolved
rm -f /etc/resolv.conf
printf '# mine\\nnameserver ${ownServer}\\noptions timeout:1 attempts:1\\n' > /etc/resolv.conf`;

test('a Debian without systemd-resolved resolves the names of its networks, and keeps its own name server', async () => {
  const tiny = { image: await tinyImage(), user: 'debian', memory: '256 MiB', cpus: 1 };
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'resolver' }, (lab) => {
  const lan = lab.network('lan');
  lab.vm('web', { memory: '512 MiB', networks: { lan } }).run('resolver', ${JSON.stringify(step)});
  const db = lab.vm('db', { ...${JSON.stringify(tiny)}, networks: { lan } });
  return { db: db.ip.lan };
});
`);
  await folder.ok('apply', '--yes');
  await folder.ok('restart', 'web');
  const db = (await folder.ok('output', 'db', '--raw')).stdout.trim();
  for (const name of ['db', 'db.lan']) {
    const { stdout } = await folder.ok('exec', 'web', '--', 'getent', 'hosts', name);
    assert.match(stdout, new RegExp(`^${db} +db\\.lan`));
  }
  const { stdout } = await folder.ok('exec', 'web', '--', 'cat', '/etc/resolv.conf');
  assert.match(stdout, /^nameserver (?!127).*^# mine\nnameserver 127\.0\.0\.1\n/ms);
});
