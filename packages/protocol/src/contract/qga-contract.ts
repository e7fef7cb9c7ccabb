import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { GuestAgentClient, isQgaCommandError } from '../qga/index.ts';

/** A guest agent under contract: the fake, or a real one. */
export interface AgentUnderTest extends AsyncDisposable {
  readonly address: { path: string } | { host: string; port: number };
  /** A folder of the guest that can be written to. */
  readonly folder: string;
}

export interface AgentKind {
  readonly name: string;
  readonly start: () => Promise<AgentUnderTest>;
}

/** What every guest agent does, as this client needs it. The guest has `sh` and `cat`. A table of cases, hence its length. */
export function qgaContract(kind: AgentKind): void {
  const check = (name: string, body: (agent: GuestAgentClient, under: AgentUnderTest) => Promise<void>) =>
    test(`${kind.name}: ${name}`, async () => {
      await using under = await kind.start();
      await using agent = await GuestAgentClient.connect(under.address);
      await body(agent, under);
    });

  check('an agent answers a ping and tells about itself', async (agent) => {
    await agent.ping();
    const { version, supported_commands: commands } = await agent.execute('guest-info');
    assert.match(version, /^\d+\.\d+\.\d+$/);
    assert.ok(commands.some(({ name, enabled }) => name === 'guest-ping' && enabled));
    assert.ok((await agent.osInfo()).id);
    assert.ok((await agent.hostName()).length > 0);
    assert.ok((await agent.networkInterfaces()).some(({ name }) => name === 'lo'));
    assert.ok(Array.isArray(await agent.users()));
    assert.equal(await agent.execute('guest-fsfreeze-status'), 'thawed');
  });

  check('a client that follows one that left half a line finds its way', async (agent, under) => {
    await agent.close();
    const rude = connect(under.address);
    await new Promise((resolve) => rude.write('{"execute":"guest-pi', resolve));
    rude.destroy();
    await using next = await GuestAgentClient.connect(under.address);
    await next.ping();
  });

  check('a second client is mute until the first has gone', async (agent, under) => {
    await assert.rejects(GuestAgentClient.connect(under.address, { syncTimeoutMs: 200 }), (error) =>
      hasErrorCode(error, 'qga-not-responding'),
    );
    const second = GuestAgentClient.connect(under.address, { syncTimeoutMs: 10_000 });
    await agent.close();
    await using next = await second;
    await next.ping();
  });

  check('an unknown command and a forbidden one are refused', async (agent) => {
    await assert.rejects(agent.executeUntyped('guest-none'), (error) => isQgaCommandError(error, 'CommandNotFound'));
    const error = await agent.execute('guest-suspend-ram').then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(isQgaCommandError(error));
    assert.match(error.hint ?? '', /configured to refuse/);
  });

  check('a wrong argument is named', async (agent) => {
    await assert.rejects(agent.executeUntyped('guest-ping', { x: 1 }), /Parameter 'x' is unexpected/);
  });

  check('a program gives its exit code, its output and its errors', async (agent) => {
    const end = await agent.exec({
      path: 'sh',
      args: ['-c', 'cat; printf "$word" >&2; exit 3'],
      input: 'in',
      env: { word: 'err' },
    });
    assert.deepEqual(
      { exitCode: end.exitCode, signal: end.signal, stdout: end.stdout, stderr: end.stderr, truncated: end.truncated },
      { exitCode: 3, signal: undefined, stdout: 'in', stderr: 'err', truncated: false },
    );
  });

  check('a program that a signal ended has no exit code', async (agent) => {
    const end = await agent.exec({ path: 'sh', args: ['-c', 'kill -9 $$'] });
    assert.deepEqual([end.exitCode, end.signal], [undefined, 9]);
  });

  check('bytes that are no text come through a program unchanged', async (agent) => {
    const input = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { stdoutBytes } = await agent.exec({ path: 'cat', input });
    assert.deepEqual(stdoutBytes, input);
  });

  check('output that is not captured is not there', async (agent) => {
    const end = await agent.exec({ path: 'sh', args: ['-c', 'exit 0'], capture: false });
    assert.deepEqual([end.exitCode, end.stdout], [0, '']);
  });

  check('a program that does not exist is refused', async (agent) => {
    await assert.rejects(agent.exec({ path: '/no/such/program' }), /Failed to execute child process/);
  });

  check('the end of a program is reported once', async (agent) => {
    const { pid } = await agent.exec({ path: 'sh', args: ['-c', 'exit 0'] });
    await assert.rejects(agent.execute('guest-exec-status', { pid }), (error) => isQgaCommandError(error));
  });

  check('a file comes back as it was written, in chunks of any size', async (agent, { folder }) => {
    const bytes = Buffer.alloc(100_003, 'some bytes \0\xff');
    const path = `${folder}/file`;
    await agent.writeFile(path, bytes, { chunkBytes: 7_001 });
    assert.deepEqual(await agent.readFile(path, { chunkBytes: 4_096 }), bytes);
    await agent.writeFile(path, 'short');
    await agent.writeFile(path, ' and more', { append: true });
    assert.equal((await agent.readFile(path)).toString(), 'short and more');
    await agent.writeFile(path, '');
    assert.equal((await agent.readFile(path)).length, 0);
  });

  check('a file is copied in and out', async (agent, { folder }) => {
    const host = await mkdtemp(join(tmpdir(), 'goqemu-contract-'));
    const bytes = Buffer.alloc(600_000, 'copied');
    await writeFile(join(host, 'in'), bytes);
    await agent.copyTo(join(host, 'in'), `${folder}/copy`);
    await agent.copyFrom(`${folder}/copy`, join(host, 'out'));
    assert.deepEqual(await readFile(join(host, 'out')), bytes);
    await rm(host, { recursive: true });
  });

  check('a file that is not there is refused, and so is a handle', async (agent, { folder }) => {
    await assert.rejects(agent.readFile(`${folder}/none`), /No such file or directory/);
    await assert.rejects(agent.execute('guest-file-read', { handle: 77 }), /handle '77' has not been found/);
  });
}
