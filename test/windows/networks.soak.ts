/** Two machines in one network of a Windows host: their cards are ports of loopback, and the switch is a process of node.exe. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exec, goqemu, leftOvers, prepareLab, removeFolders } from './windows-commands.ts';

const lab = `import { defineLab } from 'goqemu';
const machine = { image: 'C:/images/tiny.qcow2', user: 'debian', memory: '256 MiB', cpus: 1, accelerator: 'whpx' };
export default defineLab({ name: 'two' }, (lab) => {
  const lan = lab.network('lan', { cidr: '10.43.0.0/24' });
  const db = lab.vm('db', { ...machine, networks: { lan } });
  lab.vm('web', { ...machine, networks: { lan } }).run('find', \`ping -c 1 -W 10 \${db.ip.lan}\`);
});
`;

before(() => prepareLab(lab));
after(removeFolders);

test('machines in one network find each other by address and by name, and their networks go with them', async () => {
  assert.match((await goqemu('plan')).stdout, /ports of this host's loopback: another user/);
  await goqemu('apply', '--yes');
  const { networks } = JSON.parse((await goqemu('status', '--json')).stdout);
  assert.deepEqual(
    networks.map(({ name, state }: Record<string, string>) => [name, state]),
    [['lan', 'running']],
  );
  assert.match(await exec('db', 'ping -c 1 -W 10 web.lan'), /1 packets received/);
  await goqemu('destroy', '--yes');
  await goqemu('checkpoint', 'prune', '--yes');
  assert.deepEqual(await leftOvers(), []);
});
