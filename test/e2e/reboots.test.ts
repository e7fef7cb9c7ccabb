import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('a step that reboots its machine is refused by name, and both ways that the hint tells get over a reboot', async (t) => {
  const image = JSON.stringify(await tinyImage());
  const lab = (more = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'reboots' }, (lab) => {
  const base = lab.template('base', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .run('kernel', 'cat /proc/sys/kernel/random/boot_id > /root/before')
    .checkpoint('installed');
  const box = lab.vm('box', { from: base.at.installed, memory: '288 MiB' })
    .capture('boots', 'cat /root/before /proc/sys/kernel/random/boot_id | sort -u | wc -l')${more};
  return { boots: box.out.boots };
});
`;
  await using folder = await LabFolder.make(lab());

  await t.test('a machine made from a template with another memory size has booted', async () => {
    const { outputs } = await folder.json<{ outputs: { boots: string } }>('apply', '--yes');
    assert.equal(outputs.boots, '2');
  });

  await t.test('a step that starts a reboot and ends is told from a lost agent', async () => {
    await folder.write(lab(".run('restart', 'reboot')"));
    const run = await folder.run(['apply', '--yes']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /box rebooted (while step "restart" ran|after its last step)/);
    assert.match(run.stderr, /docs\/lab\.md, "Reboots".*goqemu exec box -- sudo reboot/s);
    assert.doesNotMatch(run.stderr, /qemu-guest-agent/);
    assert.match(run.stderr, /box was taken back to the layer/);
  });

  await t.test('a reboot between two applies leaves a machine that takes further steps', async () => {
    await folder.ok('exec', 'box', '--', 'sudo', 'touch', '/run/before-the-reboot');
    await folder.run(['exec', 'box', '--', 'sudo', 'reboot']); // its own connection may end with it
    for (let round = 0; round < 60; round++)
      if ((await folder.run(['exec', 'box', '--', 'test', '!', '-e', '/run/before-the-reboot'])).code === 0) break;
    await folder.write(lab(".run('after', 'test ! -e /run/before-the-reboot')"));
    await folder.ok('apply', '--yes');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });
});
