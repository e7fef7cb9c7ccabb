import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';

const lab = (image: string, more = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: '${image}' }, (lab) => {
  const box = lab.vm('box', { image: '${image}', memory: '1 GiB', cpus: 2 })
    .run('mark', 'echo marked > /srv/mark')
    .upload('site', './site', '/srv/site')
    .file('conf', '/etc/app.conf', 'a = 1\\n', { mode: 0o640 })
    .capture('release', '. /etc/os-release && echo "$VERSION_CODENAME" "$(cat /etc/debian_version)"')
    .run('serve', 'systemd-run -q --unit=site python3 -m http.server --directory /srv/site --bind 127.0.0.1 7080')
    .waitFor('port', { port: 7080 })
    .checkpoint('ready')${more};
  return { release: box.out.release };
});
`;

/**
 * A release of Debian, by its code name and `/etc/debian_version`, through everything that goqemu does with a guest: each stage of its one boot, each kind of step, and
 * then ways back and copies from RAM.
 */
export function testDebianRelease(image: string, release: RegExp): void {
  test(`${image} is booted once, provisioned, taken back to checkpoints, forked and destroyed`, async (t) => {
    await using folder = await LabFolder.make(lab(image));
    await mkdir(folder.file('site/deep'), { recursive: true });
    await writeFile(folder.file('site/index.html'), 'hello\n');
    await writeFile(folder.file('site/deep/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    const asRoot = async (script: string, ...options: string[]) =>
      (await folder.ok('exec', ...options, 'box', '--', 'sudo', 'sh', '-c', script)).stdout;
    const boots = 'cat /proc/sys/kernel/random/boot_id';
    let firstBoot = '';

    await t.test('apply takes it through all stages and steps', async () => {
      const applied = await folder.json<{ outputs: { release: string } }>('apply', '--yes');
      assert.match(applied.outputs.release, release);
      assert.equal(await asRoot('cat /srv/mark /srv/site/index.html /etc/app.conf'), 'marked\nhello\na = 1\n');
      assert.equal(await asRoot('stat -c "%a %U" /srv/site/deep/run.sh /etc/app.conf'), '755 root\n640 root\n');
      assert.equal(await asRoot('systemctl is-active qemu-guest-agent cloud-final'), 'active\nactive\n');
      assert.match(await asRoot('cat /run/cloud-init/result.json'), /"errors": \[\]/);
      assert.equal((await folder.ok('exec', 'box', '--', 'hostname')).stdout, 'box\n');
      firstBoot = await asRoot(boots);
      assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
    });

    await t.test('a checkpoint brings back what was deleted, what runs, and the time', async () => {
      await folder.ok('checkpoint', 'create', 'before the accident');
      await asRoot('rm -r /srv/site; systemctl stop site');
      await folder.ok('checkpoint', 'restore', 'before the accident');
      assert.equal(await asRoot('curl -sS http://127.0.0.1:7080/'), 'hello\n');
      assert.equal(await asRoot(boots), firstBoot, 'it resumed from RAM');
      const guest = Number(await asRoot('date +%s'));
      assert.ok(Math.abs(guest - Date.now() / 1000) < 60, `the guest's clock is at ${guest}`);
    });

    await t.test('a changed step runs again from the layer before it, without a boot', async () => {
      for (const word of ['one', 'two']) {
        await folder.write(lab(image, `.run('more', 'echo ${word} >> /srv/more')`));
        await folder.ok('apply', '--yes');
        assert.equal(await asRoot('cat /srv/more'), `${word}\n`);
        assert.equal(await asRoot(boots), firstBoot);
      }
    });

    await t.test('a fork is a machine of its own, and continues where the lab stood', async () => {
      const { forks } = await folder.json<{ forks: { name: string }[] }>('checkpoint', 'fork', 'ready');
      const fork = forks[0]?.name ?? '';
      assert.equal(await asRoot('curl -sS http://127.0.0.1:7080/', '--stack', fork), 'hello\n');
      await asRoot('rm /srv/mark', '--stack', fork);
      assert.equal(await asRoot('cat /srv/mark'), 'marked\n');
      await folder.ok('destroy', '--stack', fork, '--yes');
    });
  });
}
