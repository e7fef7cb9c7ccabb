import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode, hostPlatform } from '@goqemu/core';
import { otherPlatform, temporaryFolder } from '../fixture/test-machine.ts';
import { architectureOf } from './architecture.ts';
import { findQemu } from './find-qemu.ts';
import { binaryFolders } from './usual-places.ts';

test('the QEMU of this host is found, with its version, its features and qemu-img', async () => {
  const qemu = await findQemu({ arch: 'amd64' });
  assert.equal(qemu.arch, 'x86_64');
  assert.match(qemu.systemPath, /qemu-system-x86_64$/);
  assert.match(qemu.imgPath ?? '', /qemu-img$/);
  assert.ok(qemu.version.major >= 6);
  assert.ok(qemu.version.text.startsWith(`${qemu.version.major}.${qemu.version.minor}.`));
  assert.ok(qemu.features.machines.some((machine) => machine.alias === 'q35' && /^pc-q35-/.test(machine.name)));
  assert.ok(qemu.features.devices.includes('virtio-blk-pci'));
  assert.ok(qemu.features.accelerators.includes('tcg'));
  assert.ok(qemu.features.netdevs.includes('user'));
  assert.ok(qemu.features.blockDrivers.includes('qcow2'));
  assert.ok(qemu.features.deviceJson);
});

test('a probe is kept for the binary as it is, and repeated when the binary has changed', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu-system-x86_64');
  const cacheFolder = join(folder, 'cache');
  const real = await findQemu({ arch: 'x86_64' });
  const count = join(folder, 'count');
  await writeFile(binary, `#!/bin/sh\necho >> ${count}\nexec ${real.systemPath} "$@"\n`);
  await chmod(binary, 0o755);
  const starts = async () => (await stat(count)).size;
  const first = await findQemu({ explicitPath: binary, cacheFolder, arch: 'x86_64' });
  const afterFirst = await starts();
  const second = await findQemu({ explicitPath: binary, cacheFolder, arch: 'x86_64' });
  assert.equal(await starts(), afterFirst);
  assert.deepEqual(second, first);
  await utimes(binary, new Date(), new Date(Date.now() - 60_000));
  await findQemu({ explicitPath: binary, cacheFolder, arch: 'x86_64' });
  assert.ok((await starts()) > afterFirst);
  const [cacheFile] = await readdir(join(cacheFolder, 'qemu'));
  await writeFile(join(cacheFolder, 'qemu', String(cacheFile)), '{"key":');
  assert.deepEqual(await findQemu({ explicitPath: binary, cacheFolder, arch: 'x86_64' }), first);
});

test('ten that look for a QEMU at once start it as often as one does, and one that is aborted does not end the others', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu-system-x86_64');
  const real = await findQemu({ arch: 'x86_64' });
  const count = join(folder, 'count');
  await writeFile(binary, `#!/bin/sh\necho >> ${count}\nexec ${real.systemPath} "$@"\n`);
  await chmod(binary, 0o755);
  const look = (cacheFolder: string, signal?: AbortSignal) =>
    findQemu({ explicitPath: binary, cacheFolder, arch: 'x86_64', ...(signal ? { signal } : {}) });
  await look(join(folder, 'one'));
  const once = (await stat(count)).size;
  const controller = new AbortController();
  const aborted = look(join(folder, 'ten'), controller.signal);
  const found = Promise.all(Array.from({ length: 10 }, () => look(join(folder, 'ten'))));
  controller.abort(new Error('no longer wanted'));
  await assert.rejects(aborted, /no longer wanted/);
  assert.equal((await found).length, 10);
  assert.equal((await stat(count)).size, 2 * once);
});

test('where there is no QEMU the error names the places and the command that installs it', async () => {
  for (const [system, command] of [
    ['linux', /apt install qemu-system-arm/],
    ['darwin', /brew install qemu/],
    ['win32', /winget install/],
  ] as const) {
    const platform = otherPlatform(system, { env: { PATH: '' } });
    await assert.rejects(findQemu({ arch: 'arm64', explicitPath: '/nowhere/qemu', platform }), (error) => {
      assert.ok(hasErrorCode(error, 'qemu-missing'));
      assert.match(error.hint ?? '', command);
      assert.match(error.detail ?? '', /\/nowhere\/qemu/);
      return true;
    });
  }
});

test('a program that is no QEMU is refused with what it said', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu-system-x86_64');
  await writeFile(binary, '#!/bin/sh\necho "I am a teapot" >&2\nexit 3\n');
  await chmod(binary, 0o755);
  await assert.rejects(findQemu({ explicitPath: binary, arch: 'x86_64' }), (error) => {
    assert.ok(hasErrorCode(error, 'qemu-unusable'));
    assert.match(error.detail ?? '', /teapot/);
    return true;
  });
});

test('a QEMU that is asked ends by itself, whatever becomes of who asked: what it hears ends with quit', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu-system-x86_64');
  await writeFile(binary, `#!/bin/sh\ncat >> ${folder}/heard\n`); // says nothing until all has been said to it
  await chmod(binary, 0o755);
  await assert.rejects(findQemu({ explicitPath: binary, arch: 'x86_64' }), { code: 'qemu-unusable' });
  assert.match(await readFile(join(folder, 'heard'), 'utf8'), /\{"execute":"quit"\}\n$/);
});

test('the search follows PATH first, then the usual folders of each host system, and no relative entry', () => {
  assert.deepEqual(binaryFolders(otherPlatform('linux', { env: { PATH: '/opt/q/bin:.:/usr/bin' } })), [
    '/opt/q/bin',
    '/usr/bin',
    '/usr/local/bin',
    '/usr/libexec',
    '/pkg/main/app-emulation.qemu.core/bin',
  ]);
  assert.deepEqual(binaryFolders(otherPlatform('darwin', { env: { PATH: '/bin' } })), [
    '/bin',
    '/opt/homebrew/bin',
    '/usr/local/bin',
    '/opt/local/bin',
  ]);
  const windows = otherPlatform('win32', { env: { Path: 'D:\\tools;bin', ProgramFiles: 'D:\\Programs' } });
  assert.deepEqual(binaryFolders(windows).slice(0, 2), ['D:\\tools', 'D:\\Programs\\qemu']);
  assert.ok(binaryFolders(windows).includes('C:\\Program Files\\qemu'));
});

test('a QEMU in a folder on PATH is preferred to the usual places', async (t) => {
  const folder = await temporaryFolder(t);
  const real = await findQemu({ arch: 'x86_64' });
  await mkdir(join(folder, 'bin'));
  const binary = join(folder, 'bin', 'qemu-system-x86_64');
  await writeFile(binary, `#!/bin/sh\nexec ${real.systemPath} "$@"\n`);
  await chmod(binary, 0o755);
  const platform = { ...hostPlatform(), env: { PATH: join(folder, 'bin') } };
  assert.equal((await findQemu({ arch: 'x86_64', platform })).systemPath, binary);
});

test('architectures go by the names of Go, Node, Debian and QEMU', () => {
  const names = { amd64: 'x86_64', '386': 'i386', x64: 'x86_64', arm64: 'aarch64', arm: 'arm', ppc64le: 'ppc64' };
  for (const [name, expected] of Object.entries(names)) assert.equal(architectureOf(name), expected);
  for (const same of ['riscv64', 'mips', 'mips64', 's390x', 'ppc64']) assert.equal(architectureOf(same), same);
  assert.throws(
    () => architectureOf('z80'),
    (error) => hasErrorCode(error, 'arch-unknown'),
  );
});
