import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { FakeGuestAgent, type FakeGuestAgentOptions, type FakeGuestState } from '@goqemu/testing';
import { GuestAgentClient } from './guest-agent-client.ts';

async function withFolder(
  options: FakeGuestAgentOptions,
  body: (agent: GuestAgentClient, guest: FakeGuestAgent, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-files-'));
  try {
    await using guest = await FakeGuestAgent.listen(options);
    await using agent = await GuestAgentClient.connect(guest.address);
    await body(agent, guest, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const precious = { '/keep': 'precious' };

test('a local file that cannot be read is refused, and the file of the guest keeps its content', async () => {
  await withFolder({ files: precious }, async (agent, guest, folder) => {
    for (const path of [join(folder, 'missing'), folder]) {
      await assert.rejects(agent.copyTo(path, '/keep'), (error) => hasErrorCode(error, 'local-file-failed'));
    }
    await assert.rejects(agent.writeFile('/keep', createReadStream(join(folder, 'missing'))), /ENOENT/);
    await assert.rejects(agent.writeFile('/keep', undefined as never), TypeError);
    assert.equal(guest.files.contents.get('/keep')?.toString(), 'precious');
    assert.equal(guest.files.openHandles, 0);
  });
});

test('a file of the guest that cannot be read to its end leaves the local one as it was', async () => {
  let reads = 0;
  const read = (args: { handle?: unknown }, { files }: FakeGuestState) => {
    reads += 1;
    if (reads === 3) throw new Error('I/O error');
    return files.read(Number(args.handle), 2);
  };
  await withFolder({ files: precious, commands: { 'guest-file-read': read } }, async (agent, guest, folder) => {
    const local = join(folder, 'local');
    await writeFile(local, 'mine');
    await assert.rejects(agent.copyFrom('/missing', local), /No such file/);
    await assert.rejects(agent.copyFrom('/keep', local, { chunkBytes: 2 }), /I\/O error/);
    assert.equal(await readFile(local, 'utf8'), 'mine');
    assert.deepEqual(await readdir(folder), ['local']);
    assert.equal(guest.files.openHandles, 0);
  });
});

test('a local file that is replaced keeps its mode, and its symbolic link', async () => {
  await withFolder({ files: { ...precious, '/empty': '' } }, async (agent, _guest, folder) => {
    const local = join(folder, 'local');
    await writeFile(local, 'mine');
    await chmod(local, 0o600);
    await symlink('local', join(folder, 'link'));
    await agent.copyFrom('/keep', join(folder, 'link'));
    assert.equal(await readFile(local, 'utf8'), 'precious');
    assert.equal((await stat(local)).mode & 0o777, 0o600);
    await agent.copyFrom('/empty', local);
    assert.equal((await stat(local)).size, 0);
    await agent.copyFrom('/keep', '/dev/null');
    assert.deepEqual((await readdir(folder)).sort(), ['link', 'local']);
  });
});

test('a handle that arrives after the opening was given up is closed', async () => {
  await withFolder({ files: precious, faults: { delays: { 'guest-file-open': 30 } } }, async (agent, guest) => {
    const controller = new AbortController();
    const reading = agent.readFile('/keep', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await assert.rejects(reading, /enough/);
    assert.ok(guest.received.some(({ execute }) => execute === 'guest-file-open'));
    assert.equal(guest.files.openHandles, 0);
  });
});

test('the error of a transfer is the one thrown although its handle cannot be closed', async () => {
  const refuse = () => {
    throw new Error('the handle is stuck');
  };
  await withFolder({ files: precious, commands: { 'guest-file-close': refuse } }, async (agent) => {
    const source = (async function* () {
      yield Buffer.from('first');
      throw new Error('disk error');
    })();
    await assert.rejects(agent.writeFile('/b', source), (error: Error) => {
      return /disk error/.test(error.message) && /the handle is stuck/.test(String(error.cause));
    });
  });
});
