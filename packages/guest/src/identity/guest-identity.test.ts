import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { generateSshKeyPair } from '../keys/key-pair.ts';
import {
  applyIdentity,
  type GuestIdentity,
  type GuestRunner,
  identityScript,
  newEntropySeed,
  newMachineId,
} from './guest-identity.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-identity-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A guest whose file system is a folder: the script's absolute paths are led there, and `date` only records. */
function guestIn(name: string) {
  const root = join(folder, name);
  for (const path of ['etc/ssh', 'proc/sys/kernel', 'run', 'var/lib/dbus', 'dev', 'home/debian', 'bin'])
    mkdirSync(join(root, path), { recursive: true });
  const { uid, gid } = userInfo();
  const write = (path: string, text: string) => writeFileSync(join(root, path), text);
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  write('etc/passwd', `root:x:0:0::/root:/bin/sh\ndebian:x:${uid}:${gid}::${root}/home/debian:/bin/sh\n`);
  write('etc/hostname', 'old.example\n');
  write('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 old.example old\n127.0.1.1\tapp\n::1 ip6-localhost\nlast 1');
  write('etc/ssh/ssh_host_rsa_key', 'old');
  write('var/lib/dbus/machine-id', 'old\n');
  writeFileSync(join(root, 'bin/date'), `#!/bin/sh\necho "$@" >> ${root}/date\n`, { mode: 0o755 });
  writeFileSync(join(root, 'bin/perl'), `#!/bin/sh\necho reseed >> ${root}/perl\n`, { mode: 0o755 });
  const run: GuestRunner = async (script) => {
    const moved = script
      .replaceAll(/(?<=[ <"(])\/(etc|proc|run|var|dev)\//g, `${root}/$1/`)
      .replaceAll(`${root}/dev/null`, '/dev/null');
    const { status, stdout, stderr } = spawnSync('/bin/sh', {
      input: moved,
      encoding: 'utf8',
      env: { PATH: `${root}/bin:${process.env.PATH}` },
    });
    return { exitCode: status, stdout, stderr };
  };
  return { root, read, write, run };
}

async function identity(): Promise<Required<Omit<GuestIdentity, 'formerHostname'>>> {
  return {
    hostname: 'web-1',
    sshHostKey: await generateSshKeyPair(),
    authorizedKeys: {
      user: 'debian',
      keys: [(await generateSshKeyPair()).publicKey, (await generateSshKeyPair()).publicKey],
    },
    machineId: newMachineId(),
    clock: 1_700_000_000_123,
    entropySeed: newEntropySeed(),
  };
}

test('a guest gets name, keys, machine id, clock and entropy in one script, and twice is as once', async () => {
  const guest = guestIn('all');
  const wanted = await identity();
  for (const _ of [1, 2]) {
    await applyIdentity(guest.run, wanted);
    assert.equal(guest.read('etc/hostname'), 'web-1\n');
    assert.equal(guest.read('proc/sys/kernel/hostname'), 'web-1');
    assert.equal(
      guest.read('etc/hosts'),
      '127.0.0.1 localhost\n127.0.1.1 web-1\n127.0.1.1\tapp\n::1 ip6-localhost\nlast 1\n',
    );
    assert.equal(guest.read('etc/machine-id'), `${wanted.machineId}\n`);
    assert.equal(guest.read('var/lib/dbus/machine-id'), `${wanted.machineId}\n`);
    assert.deepEqual(readdirSync(join(guest.root, 'etc/ssh')).sort(), [
      'ssh_host_ed25519_key',
      'ssh_host_ed25519_key.pub',
    ]);
    assert.equal(guest.read('etc/ssh/ssh_host_ed25519_key'), wanted.sshHostKey.privateKey);
    assert.equal(statSync(join(guest.root, 'etc/ssh/ssh_host_ed25519_key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(guest.root, 'etc/ssh/ssh_host_ed25519_key.pub')).mode & 0o777, 0o644);
    assert.equal(guest.read('home/debian/.ssh/authorized_keys'), `${wanted.authorizedKeys.keys.join('\n')}\n`);
    assert.equal(statSync(join(guest.root, 'home/debian/.ssh')).mode & 0o777, 0o700);
    assert.equal(statSync(join(guest.root, 'home/debian/.ssh/authorized_keys')).mode & 0o777, 0o600);
    assert.equal(guest.read('dev/urandom'), wanted.entropySeed);
    assert.match(guest.read('date'), /^-u -s @1700000000\.123\n/);
    assert.match(guest.read('perl'), /^reseed\n/);
  }
});

test('a running sshd is signalled to read its keys again', async () => {
  const guest = guestIn('sshd');
  const marker = join(guest.root, 'reloaded');
  const daemon = execFileSync(
    '/bin/sh',
    ['-c', `(trap 'echo yes > ${marker}; exit' HUP; sleep 20 & wait) >/dev/null 2>&1 & echo $!`],
    { encoding: 'utf8' },
  );
  guest.write('run/sshd.pid', daemon);
  await applyIdentity(guest.run, { sshHostKey: await generateSshKeyPair() });
  const written = () => existsSync(marker) && readFileSync(marker, 'utf8') !== '';
  for (let i = 0; i < 250 && !written(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(guest.read('reloaded'), 'yes\n');
});

test('a full name keeps its first label as an alias', async () => {
  const guest = guestIn('full');
  await applyIdentity(guest.run, { hostname: 'db.lab.internal' });
  assert.match(guest.read('etc/hosts'), /^127\.0\.1\.1 db\.lab\.internal db$/m);
});

test('of /etc/hosts a new name takes the place of the former ones, and what steps wrote stays', async () => {
  const guest = guestIn('hosts');
  // As cloud-init leaves it after a boot: both names, and /etc/hostname has the new one.
  guest.write('etc/hostname', 'web\n');
  const written = '10.0.0.9 peer base\n127.0.1.1 app.test # *\n\n127.0.0.1 localhost web\n';
  guest.write('etc/hosts', `127.0.1.1 base.localdomain base\n${written}127.0.1.1 web.localdomain web\n`);
  await applyIdentity(guest.run, { hostname: 'web', formerHostname: 'base' });
  assert.equal(guest.read('etc/hosts'), `127.0.1.1 web\n${written}`);
});

test('what is left out stays as it is', async () => {
  const guest = guestIn('part');
  await applyIdentity(guest.run, { machineId: newMachineId() });
  assert.deepEqual(readdirSync(join(guest.root, 'etc/ssh')), ['ssh_host_rsa_key']);
  assert.match(guest.read('etc/hosts'), /old\.example/);
});

test('a user that the guest does not have is an error that says so', async () => {
  const guest = guestIn('nobody');
  const { publicKey } = await generateSshKeyPair();
  await assert.rejects(applyIdentity(guest.run, { authorizedKeys: { user: 'alice', keys: [publicKey] } }), {
    code: 'identity-failed',
    detail: 'no user alice in the guest',
  });
});

test('values that could be read as code are refused before anything runs', async () => {
  const pair = await generateSshKeyPair();
  const bad: GuestIdentity[] = [
    { hostname: 'a;id' },
    { hostname: '-x' },
    { hostname: '' },
    { hostname: 'a..b' },
    { hostname: 'a', formerHostname: '$(id)' },
    { machineId: '$(id)' },
    { machineId: '0'.repeat(32) },
    { entropySeed: '`id`' },
    { clock: Number.NaN },
    { clock: -1 },
    { authorizedKeys: { user: 'a b', keys: [] } },
    { authorizedKeys: { user: 'root', keys: [`${pair.publicKey}\nevil`] } },
  ];
  for (const one of bad) assert.throws(() => identityScript(one), { code: 'identity-invalid' }, JSON.stringify(one));
});

test('the whole script is one that each shell of a guest can read', async () => {
  const script = identityScript(await identity());
  for (const shell of ['/bin/sh', '/bin/bash']) assert.equal(spawnSync(shell, ['-n'], { input: script }).status, 0);
});
