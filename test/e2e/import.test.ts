import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { findQemu } from 'goqemu/machine';
import { tinyGuestSeed } from 'goqemu/testing';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const lab = (image: string, memory: string, http: string, steps: string) => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'imported' }, (lab) => {
  lab
    .vm('old', { image: ${JSON.stringify(image)}, user: 'debian', memory: '${memory}', cpus: 1, disk: '2 GiB', forward: { http: ${http} } })
    ${steps};
});
`;

async function sshKeyPair(folder: string, name: string) {
  const file = `${folder}/${name}.key`;
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return { privateKey: await readFile(file, 'utf8'), publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

test('a QEMU that was started manually becomes a machine of the lab, and its disk stays with its owner', async (t) => {
  await using home = await OwnHome.make();
  const image = await tinyImage();
  await using folder = await LabFolder.make(lab(image, '512 MiB', '80', ''), home.env);
  const disk = `${home.path}/theirs.qcow2`;
  const { systemPath, imgPath } = await findQemu();
  await promisify(execFile)(imgPath ?? 'qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-b',
    image,
    '-F',
    'qcow2',
    disk,
    '2G',
  ]);
  const [{ publicKey }, hostKey] = [await sshKeyPair(home.path, 'theirs'), await sshKeyPair(home.path, 'host')];
  const seed = tinyGuestSeed({ hostname: 'theirs', user: 'debian', authorizedKeys: [publicKey], hostKey });
  await writeFile(`${home.path}/theirs.iso`, seed);
  const [ssh, http] = [await freePort(), await freePort()];
  const qemu = spawn(
    systemPath,
    // As people write it; the agent's port has a name of their own.
    [
      ...['-machine', 'q35,accel=tcg', '-m', '256', '-smp', '1', '-display', 'none', '-nodefaults'],
      ...['-drive', `file=${disk},if=virtio,format=qcow2`],
      ...['-drive', `file=${home.path}/theirs.iso,if=virtio,format=raw,readonly=on`],
      ...['-nic', `user,model=virtio,hostfwd=tcp:127.0.0.1:${ssh}-:22,hostfwd=tcp:127.0.0.1:${http}-:80`],
      ...['-qmp', `unix:${home.runtime}/qmp,server=on,wait=off`],
      ...['-device', 'virtio-serial', '-chardev', `socket,id=qga0,path=${home.runtime}/qga,server=on,wait=off`],
      ...['-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'],
      ...['-serial', `file:${home.path}/theirs.log`],
    ],
    { stdio: 'ignore', detached: true },
  );
  const gone = once(qemu, 'exit');
  const { pid } = qemu;
  try {
    await t.test('what differs is shown with both sides, and nothing is recorded', async () => {
      const refused = await until(
        () => folder.run(['import', 'old', '--pid', String(pid)]),
        ({ stderr }) => /differ/.test(stderr),
      );
      assert.equal(refused.code, 65, refused.stderr);
      assert.match(refused.stderr, /memory: 256 MiB there, 512 MiB in the lab/);
      assert.equal((await folder.json<{ machines: unknown[] }>('status')).machines.length, 0);
      assert.equal(qemu.exitCode, null);
    });

    await t.test('with the lab as it is, it is taken in by its monitor; the plan has its steps alone', async () => {
      await folder.write(
        lab(image, '256 MiB', `{ guest: 80, host: ${http} }`, `.run('mark', 'echo $(id -un) > /root/mark')`),
      );
      const args = ['import', 'old', '--socket', `${home.runtime}/qmp`, '--authorize'];
      const imported = await until(
        () => folder.run(args),
        ({ code }) => code === 0,
      );
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stderr, /no checkpoints/);
      const { operations } = await folder.json<{ operations: { action: string; resource: string }[] }>('plan');
      assert.deepEqual(
        operations.map(({ action, resource }) => `${action} ${resource}`),
        ['run old/mark'],
      );
    });

    await t.test('status, exec and steps work, and the plan is empty afterwards', async () => {
      const { machines } = await folder.json<{ machines: { state: string; pid: number; ssh: { port: number } }[] }>(
        'status',
      );
      assert.deepEqual(
        machines.map(({ state, pid, ssh: { port } }) => [state, pid, port]),
        [['running', pid, ssh]],
      );
      await folder.ok('apply', '--yes');
      assert.equal((await folder.ok('exec', 'old', '--', 'sudo', 'cat', '/root/mark')).stdout, 'root\n');
      assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
      const checkpoint = await folder.run(['checkpoint', 'create', 'before']);
      assert.notEqual(checkpoint.code, 0);
      assert.match(checkpoint.stderr, /was imported/);
      assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
    });

    await t.test('a plan that would replace it is refused', async () => {
      await folder.write(
        lab(image, '512 MiB', `{ guest: 80, host: ${http} }`, `.run('mark', 'echo $(id -un) > /root/mark')`),
      );
      const refused = await folder.run(['apply', '--yes']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /--replace old/);
      assert.equal(qemu.exitCode, null);
    });

    await t.test('destroying ends it and leaves its disk', async () => {
      const { stderr } = await folder.ok('destroy', '--yes');
      await gone;
      assert.match(stderr, /theirs\.qcow2/);
      assert.ok((await stat(disk)).size > 0, 'the disk is there');
      assert.ok(!existsSync(`${home.path}/labs/imported`), 'no folder of a machine');
      assert.deepEqual(await home.processes(), []);
    });
  } finally {
    qemu.kill('SIGKILL');
  }
});

/** The guest takes some seconds to boot until its agent answers. */
async function until<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (done(answer) || attempt === 15) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
