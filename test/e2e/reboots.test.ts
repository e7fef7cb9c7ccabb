import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('a reboot step reboots the guest and the next step runs after it; a reboot by a script is refused by name', async (t) => {
  const image = JSON.stringify(await tinyImage());
  const lab = (more = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'reboots' }, (lab) => {
  const box = lab.vm('box', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .run('before', 'cat /proc/sys/kernel/random/boot_id > /root/before; touch /run/before-the-reboot')
    .reboot('restart')
    .capture('boots', 'test ! -e /run/before-the-reboot && cat /root/before /proc/sys/kernel/random/boot_id | sort -u | wc -l')${more};
  return { boots: box.out.boots };
});
`;
  await using folder = await LabFolder.make(lab());

  await t.test('the guest is another boot of the same machine when the next step runs', async () => {
    const { outputs } = await folder.json<{ outputs: { boots: string } }>('apply', '--yes');
    assert.equal(outputs.boots, '2');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });

  await t.test('steps after a reboot can be changed alone: the rebooted guest has a layer', async () => {
    await folder.write(lab(".run('after', 'test ! -e /run/before-the-reboot')"));
    await folder.ok('apply', '--yes');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });

  await t.test('a machine that continues the RAM of another one is reached after it has rebooted', async () => {
    const twin = ['--stack', 'twin'];
    await folder.ok('apply', '--yes', ...twin);
    await folder.write(lab(".reboot('again')"));
    const applied = await folder.ok('apply', '--yes', ...twin);
    assert.match(applied.stderr, /box\/again\s+✔ ran/);
    await folder.ok('destroy', '--yes', ...twin);
  });

  await t.test('a step that starts a reboot and ends is distinguished from a lost agent', async () => {
    await folder.write(lab(".run('by-hand', 'reboot')"));
    const run = await folder.run(['apply', '--yes']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /box rebooted (while step "by-hand" ran|after its last step)/);
    assert.match(run.stderr, /\.reboot\('.*goqemu help lab#reboots/s);
    assert.doesNotMatch(run.stderr, /qemu-guest-agent/);
    assert.match(run.stderr, /box was taken back to the layer/);
  });

  await t.test('an apply that is killed while the guest reboots is settled by the next', async () => {
    await folder.write(lab(".reboot('twice').run('last', 'test ! -e /run/before-the-reboot')"));
    await killDuringReboot(folder);
    await folder.ok('apply', '--yes');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });
});

/** Applies, and kills goqemu when a guest begins to boot. */
async function killDuringReboot(folder: LabFolder): Promise<void> {
  const child = spawn(process.execPath, [goqemuCommand, 'apply', '--yes', '--events', '-'], {
    cwd: folder.path,
    env: { ...process.env, ...folder.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { progress } = JSON.parse(line) as { progress?: { kind: string } };
    if (progress?.kind === 'stage') child.kill('SIGKILL');
  });
  assert.equal(await ended, 'SIGKILL', 'it ended by itself');
}
