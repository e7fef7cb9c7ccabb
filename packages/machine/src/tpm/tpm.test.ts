import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { findQemu } from '../find/find-qemu.ts';
import { otherPlatform, temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { testServer } from '../fixture/test-server.ts';
import { hostCommandLines } from '../process/command-line.ts';

/** The swtpm processes that keep their state in a folder: they stand in it. */
async function swtpmsIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await hostCommandLines().containing('--tpmstate')) {
    const at = await readlink(`/proc/${pid}/cwd`).catch(() => 'gone meanwhile');
    if (at === folder) found.push(pid);
  }
  return found;
}

async function untilNoneIn(folder: string): Promise<void> {
  await withDeadline('the end of swtpm', 10_000, undefined, async (signal) => {
    while ((await swtpmsIn(folder)).length > 0) await sleep(20, signal);
  });
}

async function stateFolder(t: TestContext): Promise<string> {
  return join(await temporaryFolder(t), 'the,TPM of "a"');
}

test('a machine has a TPM of its own, which goes when the machine goes and keeps its state', async (t) => {
  const state = await stateFolder(t);
  const machine = await testMachine(t, { tpm: { state } });
  assert.deepEqual(await machine.qmp.execute('query-tpm'), [
    { model: 'tpm-crb', options: { type: 'emulator', data: { chardev: 'tpm-socket' } }, id: 'tpm' },
  ]);
  assert.equal((await swtpmsIn(state)).length, 1);
  await machine.quit();
  await untilNoneIn(state);
  const kept = await readFile(join(state, 'tpm2-00.permall'));
  const again = await testMachine(t, { tpm: { state, model: 'tpm-tis' } });
  assert.equal((await again.qmp.execute('query-tpm'))[0]?.model, 'tpm-tis');
  assert.ok(kept.length > 1000, 'the state holds the seeds and keys of a manufactured TPM');
  process.kill(again.record.pid, 'SIGKILL');
  await untilNoneIn(state);
});

test('each architecture that has a TPM gets the model of its board', async (t) => {
  for (const [arch, model] of [
    ['arm64', 'tpm-tis'],
    ['ppc64', 'tpm-spapr'],
  ] as const) {
    const installation = await findQemu({ arch });
    const config = { arch, memory: '256 MiB' as const, tpm: { state: await stateFolder(t) } };
    const machine = await testMachine(t, config, { installation });
    assert.equal((await machine.qmp.execute('query-tpm'))[0]?.model, model);
  }
});

test('a folder of TPM state that a machine has is refused to a second one, and nothing of that stays', async (t) => {
  const state = await stateFolder(t);
  const first = await testMachine(t, { tpm: { state } });
  const before = await swtpmsIn(state);
  await assert.rejects(
    testMachine(t, { tpm: { state } }),
    (error) => hasErrorCode(error, 'tpm-failed') && /lock/.test(error.detail ?? ''),
  );
  await withDeadline('the end of the second swtpm', 10_000, undefined, async (signal) => {
    while ((await swtpmsIn(state)).length > 1) await sleep(20, signal);
  });
  assert.deepEqual(await swtpmsIn(state), before);
  assert.equal(await first.status(), 'running');
});

test('a machine that does not start for another reason leaves no swtpm', async (t) => {
  const state = await stateFolder(t);
  await assert.rejects(testMachine(t, { tpm: { state }, cpu: 'pentium-9' }), (error) => hasErrorCode(error, 'bad-cpu'));
  await untilNoneIn(state);
});

test('an swtpm without a QEMU yet ends when the process that started it is killed', async (t) => {
  const folder = await temporaryFolder(t);
  const state = join(folder, 'state');
  const binary = join(folder, 'qemu');
  const started = join(folder, 'pid');
  await writeFile(binary, `#!/bin/sh\necho $$ > ${started}.new\nmv ${started}.new ${started}\nexec sleep 60\n`);
  await chmod(binary, 0o755);
  const launch = join(import.meta.dirname, '../launch/launch-machine.ts');
  const find = join(import.meta.dirname, '../find/find-qemu.ts');
  const config = { accelerator: 'tcg', runtimeFolder: join(folder, 'run'), tpm: { state } };
  const program = `
    const { launchMachine } = await import(${JSON.stringify(launch)});
    const { findQemu } = await import(${JSON.stringify(find)});
    const installation = { ...(await findQemu()), systemPath: ${JSON.stringify(binary)} };
    await launchMachine(${JSON.stringify(config)}, { installation });
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: 'inherit',
  });
  await withDeadline('starting a machine elsewhere', 20_000, undefined, async (signal) => {
    while (!(await readdir(folder)).includes('pid')) {
      assert.equal(child.exitCode, null, 'the process has ended');
      await sleep(20, signal);
    }
  });
  const qemu = Number(await readFile(started, 'utf8'));
  t.after(() => process.kill(qemu, 'SIGKILL'));
  assert.equal((await swtpmsIn(state)).length, 1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await untilNoneIn(state);
});

test('an swtpm that was started elsewhere is used through its socket', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'socket');
  const argv = ['socket', '--tpm2', '--tpmstate', `dir=${folder}`, '--ctrl', `type=unixio,path=${path}`];
  await testServer(t, 'swtpm', { argv, at: { path } });
  const machine = await testMachine(t, { tpm: { socket: path } });
  assert.equal((await machine.qmp.execute('query-tpm')).length, 1);
});

test('where swtpm is missing the error says what installs it, and on Windows that there is none', async (t) => {
  const state = await stateFolder(t);
  const without = (system: 'darwin' | 'win32') =>
    testMachine(t, { tpm: { state } }, { platform: otherPlatform(system, { uid: process.getuid?.() }) });
  await assert.rejects(
    without('darwin'),
    (error) => hasErrorCode(error, 'swtpm-missing') && /brew install swtpm/.test(error.hint ?? ''),
  );
  await assert.rejects(
    without('win32'),
    (error) => hasErrorCode(error, 'swtpm-missing') && /without a TPM/.test(error.hint ?? ''),
  );
});
