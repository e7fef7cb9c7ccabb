import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { e2eHome, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('an image that is cut short under a machine is named by the plan and at the start, and pulling it again heals the machine', async (t) => {
  const image = await tinyImage();
  const home = await mkdtemp(`${e2eHome}-`);
  t.after(() => rm(home, { recursive: true, force: true }));
  const lab = `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'damaged' }, (lab) => {
  lab.vm('box', { image: ${JSON.stringify(image)}, user: 'debian', memory: '256 MiB', cpus: 1 }).run('mark', 'echo marked > /root/mark');
});
`;
  await using folder = await LabFolder.make(lab, { GOQEMU_HOME: home });
  const planFile = folder.file('saved.plan');

  await t.test('a plan that was saved before the image was imported is carried out', async () => {
    await folder.ok('plan', '--out', planFile);
    await folder.ok('apply', planFile);
    assert.equal((await folder.ok('exec', 'box', '--', 'sudo', 'cat', '/root/mark')).stdout, 'marked\n');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });

  await t.test('the damage is said before anything is started', async () => {
    const { machines } = await folder.json<{ machines: { pid: number }[] }>('status');
    process.kill(machines[0]?.pid ?? 0, 'SIGKILL');
    const names = await readdir(join(home, 'img'));
    const cached = join(home, 'img', names.find((name) => name.endsWith('.qcow2')) ?? '');
    await chmod(cached, 0o644);
    await truncate(cached, 1_000_000);
    assert.match((await folder.ok('plan')).stdout, /is 1000000 bytes long instead of/);
    const apply = await folder.run(['apply', '--yes']);
    assert.equal(apply.code, 1);
    assert.match(
      apply.stderr,
      /the cached image .* is 1000000 bytes long instead of \d+ \[image-damaged\]|image-damaged/,
    );
    assert.match(apply.stderr, /goqemu image pull/);
  });

  await t.test('the advice works', async () => {
    await folder.ok('image', 'pull', image);
    await folder.ok('apply', '--yes');
    assert.equal((await folder.ok('exec', 'box', '--', 'sudo', 'cat', '/root/mark')).stdout, 'marked\n');
  });
});
