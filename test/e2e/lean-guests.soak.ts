import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImageWithout } from './lean-guest.ts';

interface Status {
  readonly machines: readonly {
    readonly name: string;
    readonly commands?: { readonly way: string; readonly reason?: string };
  }[];
}

test('a guest without an agent is provisioned, rebooted, taken back, forked and destroyed over SSH', async (t) => {
  const image = JSON.stringify(await tinyImageWithout('the agent'));
  const lab = `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'agentless' }, (lab) => {
  const base = lab.template('base', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .run('base', 'echo base > /root/base')
    .checkpoint('ready');
  const box = lab.vm('box', { from: base.at.ready, memory: '256 MiB', cpus: 1 })
    .upload('site', './site', '/srv/site')
    .capture('name', 'hostname; cat /root/base')
    .run('before', 'cat /proc/sys/kernel/random/boot_id > /root/before')
    .reboot('restart')
    .run('after', '! grep -q "$(cat /proc/sys/kernel/random/boot_id)" /root/before; echo ram > /dev/shm/ram')
    .checkpoint('ready');
  return { name: box.out.name };
});
`;
  await using folder = await LabFolder.make(lab);
  await mkdir(folder.file('site'));
  await writeFile(folder.file('site/index.html'), 'hello\n');
  const asRoot = async (script: string, ...options: string[]) =>
    (await folder.ok('exec', ...options, 'box', '--', 'sudo', 'sh', '-c', script)).stdout;

  await t.test('all kinds of steps run, and a machine made from a template has its own name', async () => {
    const applied = await folder.run(['apply', '--yes', '--json']);
    assert.equal(applied.code, 0, applied.stderr);
    assert.equal((JSON.parse(applied.stdout) as { outputs: { name: string } }).outputs.name, 'box\nbase');
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
    const [box] = (await folder.json<Status>('status')).machines.filter(({ name }) => name === 'box');
    assert.equal(box?.commands?.way, 'ssh');
    assert.match(box?.commands?.reason ?? '', /agent/);
  });

  await t.test('a checkpoint brings back disk, RAM and the time', async () => {
    await folder.ok('checkpoint', 'create', 'before the accident');
    await asRoot('rm -r /srv/site; rm /dev/shm/ram');
    await folder.ok('checkpoint', 'restore', 'before the accident');
    const [page, ram, time] = (await asRoot('cat /srv/site/index.html /dev/shm/ram; date +%s')).split('\n');
    assert.deepEqual([page, ram], ['hello', 'ram']);
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 10, `the guest's clock is at ${time}`);
  });

  await t.test('a fork is a machine of its own', async () => {
    await folder.ok('checkpoint', 'fork', 'ready', '--name', 'other');
    assert.equal(await asRoot('cat /dev/shm/ram; rm /srv/site/index.html', '--stack', 'other'), 'ram\n');
    assert.equal(await asRoot('cat /srv/site/index.html'), 'hello\n');
    await folder.ok('destroy', '--stack', 'other', '--yes');
  });
});

test('a guest without sudo runs steps of its own user, and a step as root says what is missing and what to do', async () => {
  const image = JSON.stringify(await tinyImageWithout('sudo'));
  const lab = (more = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'sudoless' }, (lab) => {
  const box = lab.vm('box', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 })
    .capture('who', 'id -un', { user: 'debian' })
    .checkpoint('ready')${more};
  return { who: box.out.who };
});
`;
  await using folder = await LabFolder.make(lab());
  const { outputs } = await folder.json<{ outputs: { who: string } }>('apply', '--yes');
  assert.equal(outputs.who, 'debian');
  await folder.ok('checkpoint', 'restore', 'ready');
  await folder.write(lab(".run('as-root', 'true')"));
  const run = await folder.run(['apply', '--yes']);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /\[sudo-missing\]/);
  assert.match(run.stderr, /next: .*user: 'debian'/);
});

test('a guest without cloud-init stalls at its login, and the error says what gives goqemu its way in', async () => {
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'unseeded', timeouts: { sshBanner: '3 min', login: '10 s' } }, (lab) => {
  lab.vm('box', { image: ${JSON.stringify(await tinyImageWithout('cloud-init'))}, user: 'debian', memory: '256 MiB', cpus: 1 });
});
`);
  const run = await folder.run(['apply', '--yes']);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /\[stage-stalled\]/);
  assert.match(run.stderr, /stage login/);
  assert.match(run.stderr, /cloud-init/);
});
