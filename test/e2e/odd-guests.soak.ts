import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { type OddGuest, oddGuestImage } from './odd-guest.ts';
import { tinyImage } from './tiny-image.ts';

const guests: readonly OddGuest[] = [
  { arch: 'amd64', root: 'xfs' },
  { arch: 'amd64', root: 'btrfs' },
  { arch: 'arm64', root: 'ext4' },
];
const machines = { amd64: 'x86_64', arm64: 'aarch64' };

for (const guest of guests)
  test(`a guest that boots through UEFI, of ${guest.arch} with ${guest.root}, is provisioned, taken back, started from its disk alone, and destroyed`, async (t) => {
    const { arch, root } = guest;
    const options = `image: ${JSON.stringify(await oddGuestImage(guest))}, arch: '${arch}', firmware: 'uefi', user: 'debian', cpus: 1`;
    const lab = (word: string, more = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'odd' }, (lab) => {
  const box = lab.vm('box', { ${options}, memory: '512 MiB' })
    .capture('root', "uname -m; awk '$2 == \\"/\\" { print $3 }' /proc/mounts | tail -n 1; ls -d /sys/firmware/efi")
    .run('one', 'head -c 3000000 /dev/urandom > /root/one; sha256sum /root/one > /root/sum; echo ram > /dev/shm/ram')
    .checkpoint('ready')
    .run('two', 'echo ${word} > /root/two');${more}
  return { root: box.out.root };
});
`;
    await using folder = await LabFolder.make(lab('a'));
    const asRoot = async (script: string, machine = 'box') =>
      (await folder.ok('exec', machine, '--', 'sudo', 'sh', '-c', script)).stdout;

    await t.test('apply boots and provisions it', async () => {
      const { outputs } = await folder.json<{ outputs: { root: string } }>('apply', '--yes');
      assert.equal(outputs.root, `${machines[arch]}\n${root}\n/sys/firmware/efi`);
      assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
    });

    await t.test('a changed step and a restore take it back, with its RAM', async () => {
      await folder.write(lab('b'));
      await folder.ok('apply', '--yes');
      assert.equal(await asRoot('cat /root/two /dev/shm/ram'), 'b\nram\n');
      await asRoot('rm /root/one');
      await folder.ok('checkpoint', 'restore', 'ready');
      assert.equal(await asRoot('sha256sum -cs /root/sum; echo $?; cat /dev/shm/ram'), '0\nram\n');
    });

    await t.test('what was cut while it ran is whole on the disk alone', async () => {
      await folder.write(
        lab(
          'b',
          "\n  lab.vm('other', { from: box.at.ready, memory: '576 MiB', cpus: 1 }).run('own', 'hostname > /root/own');",
        ),
      );
      const { stderr } = await folder.ok('apply', '--yes');
      t.diagnostic(stderr);
      const found = await asRoot(
        'echo 3 > /proc/sys/vm/drop_caches; sha256sum -cs /root/sum; echo $?; cat /root/own; ls /dev/shm',
        'other',
      );
      assert.equal(found, '0\nother\n');
    });
  });

test('an image that boots through a BIOS alone is named when UEFI finds nothing to boot', async () => {
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'no-loader' }, (lab) => {
  lab.vm('box', { image: ${JSON.stringify(await tinyImage())}, firmware: 'uefi', user: 'debian', memory: '256 MiB', cpus: 1 });
});
`);
  const run = await folder.run(['apply', '--yes']);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /\[boot-failed\]/);
  assert.match(run.stderr, /UEFI found no boot loader on the disk/);
});
