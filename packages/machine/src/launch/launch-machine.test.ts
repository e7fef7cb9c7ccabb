import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type GoqemuError, hasErrorCode, hostProcessTable, isAlive, isGoqemuError } from '@goqemu/core';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { untilEnded } from '../process/process-end.ts';
import { launchMachine } from './launch-machine.ts';

const run = promisify(execFile);

async function createDisk(path: string): Promise<string> {
  await run((await testQemu()).imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', path, '64M']);
  return path;
}

async function failureOf(t: TestContext, config: MachineConfigInput): Promise<GoqemuError> {
  const runtimeFolder = join(await temporaryFolder(t), 'run');
  const installation = await testQemu();
  try {
    const machine = await launchMachine({ accelerator: 'tcg', runtimeFolder, ...config }, { installation });
    await machine.kill();
  } catch (error) {
    assert.ok(isGoqemuError(error), String(error));
    await assert.rejects(stat(runtimeFolder), { code: 'ENOENT' });
    return error;
  }
  throw new Error('it started');
}

test('a machine starts in a session of its own, answers, and leaves nothing behind when it has ended', async (t) => {
  const machine = await testMachine(t, { name: 'web' });
  assert.equal(await machine.status(), 'running');
  const { record } = machine;
  assert.equal(record.name, 'web');
  assert.match(record.machineType, /^pc-q35-\d/);
  assert.equal(record.cpu, 'max');
  // proc(5), field 6: the session, which is the process's own.
  const fields = (await readFile(`/proc/${record.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ');
  assert.equal(Number(fields?.[3]), record.pid);
  assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
  const { exit } = await machine.quit();
  assert.deepEqual([exit.cause, exit.reason, exit.code], ['host', 'host-qmp-quit', 0]);
  assert.equal(await isAlive(record), false);
  await assert.rejects(stat(record.runtimeFolder), { code: 'ENOENT' });
});

test('every special character survives in every path', async (t) => {
  const folder = join(await temporaryFolder(t), 'a,b = "c" \\ $d \'e\' {f} ü:%s');
  await mkdir(folder);
  const disk = await createDisk(join(folder, 'disk,=:"0".qcow2'));
  const cd = await createDisk(join(folder, 'cd;|&.iso'));
  const machine = await testMachine(t, {
    name: 'a,b=c',
    runtimeFolder: join(folder, 'r,'),
    drives: [{ source: disk }],
    cdroms: [{ path: cd }, {}],
    serialLog: join(folder, 'ser,ial=log'),
    display: { kind: 'vnc', listen: { path: join(folder, 'v,nc') } },
    chardevs: [{ id: 'more', backend: { kind: 'socket', address: { path: join(folder, 'm,ore') } } }],
    guestAgent: true,
  });
  assert.deepEqual(await machine.qmp.execute('query-name'), { name: 'a,b=c' });
  const blocks = (await machine.qmp.execute('query-block')) as { inserted?: { file: string } }[];
  assert.equal(blocks[0]?.inserted?.file, disk);
  const made = await readdir(folder);
  for (const name of ['ser,ial=log', 'v,nc', 'm,ore', 'r,']) assert.ok(made.includes(name), `${name} in ${made}`);
});

test('what the guest says on its serial port is in the log, with no listener', async (t) => {
  const folder = await temporaryFolder(t);
  const serialLog = join(folder, 'serial.log');
  const machine = await testMachine(t, { serialLog });
  assert.equal(machine.record.serialLog, serialLog);
  assert.equal(machine.record.sockets.console?.kind, 'unix');
  assert.equal((await stat(serialLog)).isFile(), true);
});

test('a disk that another machine has open is reported as image-locked', async (t) => {
  const disk = await createDisk(join(await temporaryFolder(t), 'disk.qcow2'));
  await testMachine(t, { drives: [{ source: disk }] });
  const error = await failureOf(t, { drives: [{ source: disk }] });
  assert.equal(error.code, 'image-locked');
  assert.match(error.detail ?? '', /lock/);
  assert.equal(error.source, 'environment');
});

test('a port that is taken is reported as port-taken', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const error = await failureOf(t, { networks: [{ kind: 'user', forwards: [{ hostPort: port, guestPort: 22 }] }] });
  assert.equal(error.code, 'port-taken');
});

test('a CPU that QEMU does not know is reported as bad-cpu, for the model and for a feature', async (t) => {
  assert.equal((await failureOf(t, { cpu: 'pentium-9' })).code, 'bad-cpu');
  assert.equal((await failureOf(t, { cpu: { model: 'max', features: { warp: true } } })).code, 'bad-cpu');
});

test('missing firmware and missing disks are distinguished', async (t) => {
  assert.equal((await failureOf(t, { firmware: { kind: 'bios', path: '/nowhere.bin' } })).code, 'firmware-missing');
  assert.equal((await failureOf(t, { drives: [{ source: '/nowhere.qcow2' }] })).code, 'file-missing');
});

test('a disk that may not be opened is reported as permission-denied', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu');
  const { systemPath } = await testQemu();
  await writeFile(binary, `#!/bin/sh\necho "${systemPath}: Could not open '/d': Permission denied" >&2\nexit 1\n`);
  await chmod(binary, 0o755);
  const installation = { ...(await testQemu()), systemPath: binary };
  const runtimeFolder = join(folder, 'run');
  await assert.rejects(
    launchMachine({ accelerator: 'tcg', runtimeFolder }, { installation }),
    (error) => hasErrorCode(error, 'permission-denied') && /Could not open/.test(error.detail ?? ''),
  );
});

test('QEMU ended by SIGBUS is reported as memory that ran out', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu');
  await writeFile(binary, '#!/bin/sh\nkill -BUS $$\n');
  await chmod(binary, 0o755);
  const installation = { ...(await testQemu()), systemPath: binary };
  await assert.rejects(
    launchMachine({ accelerator: 'tcg', runtimeFolder: join(folder, 'run') }, { installation }),
    (error) => hasErrorCode(error, 'ram-exhausted') && error.data.signal === 'SIGBUS',
  );
});

test('a QEMU that never answers is ended when its time is up, or when the caller gives up', async (t) => {
  const folder = await temporaryFolder(t);
  const binary = join(folder, 'qemu');
  await writeFile(binary, `#!/bin/sh\necho $$ >> ${folder}/pids\nexec sleep 60\n`);
  await chmod(binary, 0o755);
  const installation = { ...(await testQemu()), systemPath: binary };
  const config: MachineConfigInput = { accelerator: 'tcg', name: 'mute', runtimeFolder: join(folder, 'run') };
  await assert.rejects(
    launchMachine(config, { installation, timeoutMs: 200 }),
    (error) => hasErrorCode(error, 'timeout') && /starting machine "mute"/.test(error.message),
  );
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(new Error('enough')), 150);
  await assert.rejects(launchMachine(config, { installation, signal: giveUp.signal }), /enough/);
  for (const pid of (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n')) {
    assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  }
});

test('a machine is not started twice on the same sockets', async (t) => {
  const first = await testMachine(t);
  const { runtimeFolder } = first.record;
  await first.close(); // the second would be greeted
  const installation = await testQemu();
  await assert.rejects(launchMachine({ accelerator: 'tcg', runtimeFolder }, { installation }), (error) =>
    hasErrorCode(error, 'machine-already-running'),
  );
  assert.equal(await isAlive(first.record), true);
});

test('a socket that a dead machine left is no obstacle', async (t) => {
  const first = await testMachine(t);
  const { runtimeFolder, pid } = first.record;
  await first.close();
  process.kill(pid, 'SIGKILL');
  await untilEnded(first.record, hostProcessTable(), undefined);
  const second = await testMachine(t, { runtimeFolder });
  assert.equal(await second.status(), 'running');
});

test('a runtime folder with a file of another program under the name of a socket is refused, and the file kept', async (t) => {
  const runtimeFolder = await temporaryFolder(t);
  await writeFile(join(runtimeFolder, 'c'), 'theirs');
  const installation = await testQemu();
  await assert.rejects(launchMachine({ accelerator: 'tcg', runtimeFolder }, { installation }), {
    code: 'runtime-folder-taken',
  });
  assert.equal(await readFile(join(runtimeFolder, 'c'), 'utf8'), 'theirs');
});
