import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { connectionsAtMost, takenConnections } from './taken-connections.ts';
import { tinyImage } from './tiny-image.ts';

/** Takes each connection at once, and lets it wait ten seconds for its banner. */
const slowServer = `#!/bin/sh
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
echo $$ > /run/sshd.pid
trap : HUP
while :; do busybox nc -ll -p 22 -e /usr/sbin/slow-login; done
`;
const slowLogin = `#!/bin/sh
# ${Date.now()}: no layer of an earlier run, which has that run's host key
sleep 10
exec /usr/sbin/dropbear -i -s -r /etc/dropbear/host_key
`;

const lab = (image: string) => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'slow' }, (lab) => {
  const box = lab.vm('box', { image: ${JSON.stringify(image)}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .file('login', '/usr/sbin/slow-login', ${JSON.stringify(slowLogin)}, { mode: 0o755 })
    .file('server', '/usr/sbin/ssh-server', ${JSON.stringify(slowServer)}, { mode: 0o755 })
    .reboot('slowly')
    .capture('connections', ${JSON.stringify(takenConnections)});
  return { connections: box.out.connections };
});
`;

test('a guest whose sshd needs ten seconds to its banner is reached by apply and by exec, with few connections', async (t) => {
  await using folder = await LabFolder.make(lab(await tinyImage()));
  const timed = async <T>(work: Promise<T>) => {
    const begun = performance.now();
    return { result: await work, tookMs: performance.now() - begun };
  };

  const applied = await timed(folder.json<{ outputs: { connections: string } }>('apply', '--yes'));
  const connections = Number(applied.result.outputs.connections);
  t.diagnostic(`apply: ${connections} connections in ${Math.round(applied.tookMs)} ms, a boot and a reboot with them`);
  const boots = 2; // the first one, and the reboot
  assert.ok(
    connections >= 1 && connections <= boots * connectionsAtMost(applied.tookMs),
    `apply made ${connections} connections`,
  );

  let before = connections;
  for (const turn of [1, 2]) {
    const run = await timed(folder.ok('exec', 'box', '--', 'sh', '-c', takenConnections));
    const now = Number(run.result.stdout);
    t.diagnostic(`exec ${turn}: ${now - before} connections in ${Math.round(run.tookMs)} ms`);
    assert.ok(now > before && now - before <= connectionsAtMost(run.tookMs), `exec made ${now - before} connections`);
    before = now;
  }
});
