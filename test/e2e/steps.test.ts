import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('every kind of step does its work, and one that fails leaves the machine before it', async (t) => {
  const image = JSON.stringify(await tinyImage());
  const lab = (more = '') => `
import { defineLab, sh } from 'goqemu';
export default defineLab({ name: 'steps' }, (lab) => {
  const box = lab.vm('box', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .upload('site', './site', '/srv/site')
    .upload('one', './site/index.html', '/srv/one.html', { mode: 0o600, owner: 'debian' })
    .run('before', 'chmod 1777 /srv/site; chmod 755 /home/debian')
    .upload('again', './rootfs', '/')
    .file('conf', '/etc/app.conf', 'a = 1\\n', { mode: 0o640, owner: 'root:root' })
    .render('page', './page.tpl', '/srv/page', { who: 'world', n: 3 })
    .capture('kernel', 'uname -s')
    .run('user', 'id -un > /tmp/who; pwd > /tmp/where; echo "$GREETING" > /tmp/env', { user: 'debian', workingDirectory: '/srv', environment: { GREETING: "it's $5" } })
    .run('listen', '(nc -ll -p 7070 -e cat </dev/null >/dev/null 2>&1 &) ; touch /tmp/flag')
    .waitFor('port', { port: 7070 })
    .waitFor('flag', { file: '/tmp/flag' })
    .checkpoint('ready')${more};
  return { kernel: box.out.kernel };
});
`;
  await using folder = await LabFolder.make(lab());
  await mkdir(folder.file('site/deep'), { recursive: true });
  await writeFile(folder.file('site/index.html'), '<p>hello</p>\n');
  await writeFile(folder.file('site/deep/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  for (const path of ['rootfs/srv/site/new', 'rootfs/home/debian']) await mkdir(folder.file(path), { recursive: true });
  for (const path of ['rootfs/srv/site/new/page', 'rootfs/home/debian/.aliases'])
    await writeFile(folder.file(path), '\n');
  await chmod(folder.file('rootfs/home/debian'), 0o775); // sshd refuses a user whose home others may write to
  await folder.write('{{who}} {{n}}\n', 'page.tpl');
  const read = async (script: string) => (await folder.ok('exec', 'box', '--', 'sudo', 'sh', '-c', script)).stdout;

  await t.test('they work', async () => {
    const { outputs } = await folder.json<{ outputs: { kernel: string } }>('apply', '--yes');
    assert.equal(outputs.kernel, 'Linux');
    assert.equal(await read('cat /srv/site/index.html /srv/page /etc/app.conf'), '<p>hello</p>\nworld 3\na = 1\n');
    assert.equal(
      await read('stat -c "%a %U" /srv/site/deep/run.sh /srv/one.html /etc/app.conf'),
      '755 root\n600 debian\n640 root\n',
    );
    assert.equal(await read('cat /tmp/who /tmp/where /tmp/env'), "debian\n/srv\nit's $5\n");
  });

  await t.test(
    'an upload into folders that are there leaves their owner and mode, and no one is locked out',
    async () => {
      assert.equal(
        await read('stat -c "%a %U %n" /srv/site /home/debian /srv/site/new/page'),
        '1777 root /srv/site\n755 debian /home/debian\n644 root /srv/site/new/page\n',
      );
    },
  );

  await t.test('touching a file without changing it plans nothing', async () => {
    await writeFile(folder.file('site/index.html'), '<p>hello</p>\n');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });

  await t.test('a failing step shows its command, exit code and output', async () => {
    await folder.write(lab(`.run('broken', 'echo half done > /srv/half; echo some words; exit 7')`));
    const run = await folder.run(['apply', '--yes']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /broken/);
    assert.match(run.stderr, /exit code 7/);
    assert.match(run.stderr, /some words/);
    assert.equal(await read('ls /srv'), 'one.html\npage\nsite\n');
    const plan = await folder.json<{ operations: { resource: string }[] }>('plan');
    assert.deepEqual(
      plan.operations.map(({ resource }) => resource),
      ['box/broken'],
    );
    assert.match(run.stderr, /box was taken back .*the checkpoint "failed" until the next apply/);
    const [, fork = '', stack = ''] =
      /goqemu (checkpoint fork .*), then goqemu ssh box --stack (\S+)/.exec(run.stderr) ?? [];
    await folder.ok(...fork.split(' '));
    const left = await folder.ok('exec', '--stack', stack, 'box', '--', 'cat', '/srv/half');
    assert.equal(left.stdout, 'half done\n');
    await folder.ok('destroy', '--stack', stack, '--yes');
  });

  await t.test('a condition that never comes true ends in a time-out that names it', async () => {
    await folder.write(lab(`.waitFor('never', { file: '/tmp/never' }, { timeout: '2 s' })`));
    const run = await folder.run(['apply', '--yes']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /never/);
    assert.match(run.stderr, /2 s/);
  });
});
