import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';

test('forward adds a port, lists what is forwarded, and takes it away again', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  assert.match((await lab.run(['forward', 'web'])).stderr, /no port is forwarded to web but that of SSH/);
  const added = await lab.run(['forward', 'web', '8080:80']);
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stderr, /Done in/);
  const chosen = await lab.run(['forward', 'web', 'udp:0:53']);
  assert.match(
    chosen.stderr,
    /forward\.udp:2\d{4}: 127\.0\.0\.1:2\d{4} to port 53 \(udp\)/,
    'the port that was chosen is shown',
  );
  const listed = await lab.run(['forward', 'web']);
  assert.match(listed.stdout, /^web +\(manual\) +127\.0\.0\.1:8080 +80\/tcp$/m);
  assert.match((await lab.run(['status'])).stdout, /\(manual\) +127\.0\.0\.1:2\d{4} +53\/udp/);
  const { forwards } = JSON.parse((await lab.run(['forward', 'web', '--json'])).stdout);
  assert.deepEqual(forwards[0], { name: 'tcp:8080', protocol: 'tcp', host: 8080, guest: 80, manual: true });
  assert.equal((await lab.run(['forward', 'web', '--remove', '8080'])).code, 0);
  assert.match((await lab.run(['plan'])).stdout, /^Nothing to do/);
  assert.equal((await lab.run(['forward', 'web', '--remove', '8080'])).code, 65);
});

test('what is no forward is a usage error', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  for (const words of [['80'], ['8080:0'], ['sctp:1:2'], ['1:70000'], ['1:2', '--remove', '1'], ['--remove', 'x']]) {
    const { code } = await lab.run(['forward', 'web', ...words]);
    assert.equal(code, 64, words.join(' '));
  }
});
