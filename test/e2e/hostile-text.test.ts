import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../run-command.ts';
import { hostileTexts } from './hostile-text.ts';
import { e2eHome, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const texts = hostileTexts();

test('200 hostile texts as arguments, scripts, paths, contents and descriptions reach no shell and no other file', async (t) => {
  const image = JSON.stringify(await tinyImage());
  const named = texts.filter((text) => Buffer.byteLength(text) <= 255 && !text.includes('/') && text !== '..');
  const all = JSON.stringify(texts);
  await using folder = await LabFolder.make(`
import { defineLab, sh } from 'goqemu';
const texts: string[] = ${all};
export default defineLab({ name: 'hostile' }, (lab) => {
  lab.vm('box', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .run('folder', 'mkdir -p /srv')
    .run('quoted', texts.reduce((script, text) => sh\`\${script}printf '%s\\\\0' \${text} >> /srv/quoted\n\`, sh\`\`))
    .file('contents', '/srv/contents', texts.join('\\0'))
    .file('path', "/srv/it's a $(touch owned) \\"path\\", ünïcödé", 'x')
    .run('environment', 'printf "%s" "$TEXT" > /srv/environment', { environment: { TEXT: texts.join('|') } });
});
`);
  await folder.ok('apply', '--yes');
  const root = async (script: string) => (await folder.ok('exec', 'box', '--', 'sudo', 'sh', '-c', script)).stdout;

  await t.test('scripts, contents, environments and paths of steps', async () => {
    assert.equal(await root('cat /srv/quoted'), texts.map((text) => `${text}\0`).join(''));
    assert.equal(await root('cat /srv/contents'), texts.join('\0'));
    assert.equal(await root('cat /srv/environment'), texts.join('|'));
    assert.match(await root('find /srv -type f'), /it's a \$\(touch owned\) "path", ünïcödé/);
  });

  await t.test('arguments of exec', async () => {
    const echoed = await folder.ok('exec', 'box', '--', 'printf', '%s\\0', ...texts);
    assert.equal(echoed.stdout, texts.map((text) => `${text}\0`).join(''));
  });

  await t.test('paths of cp', async () => {
    for (const name of ["it's, $(touch owned).txt", '-rf', 'ünï cödé\n.txt']) {
      await folder.write('copied', name);
      await folder.ok('cp', `./${name}`, `box:/tmp/${name}`);
      await folder.ok('cp', `box:/tmp/${name}`, './back');
      assert.equal((await runCommand('cat', ['back'], { cwd: folder.path })).stdout, 'copied');
    }
  });

  await t.test('descriptions of checkpoints', async () => {
    const descriptions = ["it's; touch /tmp/owned", '../../x', 'ünïcödé 🙂', named[0] ?? ''];
    for (const description of descriptions) await folder.ok('checkpoint', 'create', description);
    const { checkpoints } = await folder.json<{ checkpoints: { descriptions: string[] }[] }>('checkpoint', 'list');
    const found = checkpoints.flatMap((one) => one.descriptions);
    for (const description of descriptions)
      assert.ok(found.includes(description), `${description} in ${found.join(' | ')}`);
  });

  await t.test('nothing was run, in the guest or on the host', async () => {
    assert.equal(await root('ls -d /tmp/owned /root/owned /home/debian/owned /srv/owned 2>/dev/null || true'), '');
    assert.equal(existsSync('/tmp/owned'), false);
    assert.deepEqual(
      (await readdir(folder.path)).filter((name) => name === 'owned'),
      [],
    );
  });

  await t.test('sockets are for their owner alone, and nothing listens off loopback', async () => {
    const { machines } = await folder.json<{ machines: { pid: number }[] }>('status');
    const pid = machines[0]?.pid ?? 0;
    const listening = (await runCommand('ss', ['-Hltnp'])).stdout
      .split('\n')
      .filter((line) => line.includes(`pid=${pid},`));
    assert.ok(listening.length > 0, 'the SSH forward listens');
    for (const line of listening) assert.match(line, /\s127\.0\.0\.1:\d+/);
    const sockets = (await runCommand('ss', ['-Hlxp'])).stdout
      .split('\n')
      .filter((line) => line.includes(`pid=${pid},`));
    assert.ok(sockets.length >= 3, 'three monitors');
    for (const line of sockets) {
      const path = /\s(\/\S+)\s/.exec(line)?.[1] ?? '';
      assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700, path);
    }
    assert.equal((await stat(join(e2eHome, 'keys'))).mode & 0o777, 0o700);
  });
});
