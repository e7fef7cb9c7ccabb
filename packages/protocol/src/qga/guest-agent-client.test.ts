import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { FakeGuestAgent, type FakeGuestAgentOptions, type FakeGuestState } from '@goqemu/testing';
import type { RecordedLine } from '../recording/recorded-line.ts';
import { recordSession } from '../recording/recording-transport.ts';
import { replaySession } from '../recording/replay-transport.ts';
import { openTransport } from '../transports/address.ts';
import { GuestAgentClient, type GuestAgentClientOptions } from './guest-agent-client.ts';

async function withFake(
  options: FakeGuestAgentOptions & { client?: GuestAgentClientOptions },
  body: (agent: GuestAgentClient, guest: FakeGuestAgent) => Promise<void>,
): Promise<void> {
  await using guest = await FakeGuestAgent.listen(options);
  await using agent = await GuestAgentClient.connect(guest.address, options.client);
  await body(agent, guest);
}

const names = (guest: FakeGuestAgent) => guest.received.map(({ execute }) => execute);

test('what an earlier client left in the pipe is skipped on connect', async () => {
  await using guest = await FakeGuestAgent.listen({ faults: { splitBytes: 1 } });
  const connecting = GuestAgentClient.connect(guest.address);
  guest.sendRaw('{"return": "stale"}\n{"error": {"cla');
  await using agent = await connecting;
  assert.equal(await agent.hostName(), 'fake');
});

test('after a time-out the stream is synced again, and the late reply is not taken for the next', async () => {
  await withFake({ faults: { delays: { 'guest-get-host-name': 60 } } }, async (agent, guest) => {
    const late = agent.execute('guest-exec-status', { pid: 1 }, { timeoutMs: 5_000 });
    await assert.rejects(late, /Invalid parameter 'pid'/);
    guest.faults.delays = { 'guest-file-open': 60 };
    await assert.rejects(agent.execute('guest-file-open', { path: '/a', mode: 'w' }, { timeoutMs: 10 }), (error) =>
      hasErrorCode(error, 'timeout'),
    );
    assert.equal(await agent.hostName(), 'fake');
    assert.deepEqual(names(guest), [
      'guest-sync-delimited',
      'guest-file-open',
      'guest-sync-delimited',
      'guest-get-host-name',
    ]);
  });
});

test('a question whose answer is lost is asked again; what changes the guest is not', async () => {
  const mute = new Set(['guest-get-host-name', 'guest-file-open']);
  await withFake({ faults: { mute }, client: { timeoutMs: 20, retries: 2 } }, async (agent, guest) => {
    await assert.rejects(agent.hostName(), (error) => hasErrorCode(error, 'timeout'));
    await assert.rejects(agent.execute('guest-file-open', { path: '/a', mode: 'w' }), (error) =>
      hasErrorCode(error, 'timeout'),
    );
    await agent.ping();
    const count = (name: string) => names(guest).filter((other) => other === name).length;
    assert.deepEqual([count('guest-get-host-name'), count('guest-file-open')], [3, 1]);
  });
});

test('an agent that never answers is named on connect, and the connection is closed', async () => {
  await using guest = await FakeGuestAgent.listen({ faults: { silent: true } });
  await assert.rejects(
    GuestAgentClient.connect(guest.address, { syncTimeoutMs: 20 }),
    (error) => hasErrorCode(error, 'qga-not-responding') && /installed and running/.test(error.hint ?? ''),
  );
});

test('a signal gives a command up, and the next one works', async () => {
  await withFake({ faults: { mute: new Set(['guest-get-users']) } }, async (agent) => {
    const controller = new AbortController();
    const users = agent.users({ signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await assert.rejects(users, /enough/);
    await agent.ping();
    await assert.rejects(agent.ping({ signal: AbortSignal.abort(new Error('no')) }), /no/);
  });
});

test('garbage between the replies does no harm', async () => {
  await withFake({}, async (agent, guest) => {
    guest.sendRaw('\x00\x01 garbage\n');
    await agent.ping();
    guest.sendRaw(Buffer.from([0xff, 0xfe, 0x0a]));
    assert.equal(await agent.hostName(), 'fake');
  });
});

test('commands that are sent at once run one after another', async () => {
  await withFake({}, async (agent) => {
    const replies = await Promise.all(Array.from({ length: 200 }, () => agent.hostName()));
    assert.ok(replies.every((name) => name === 'fake'));
  });
});

test('the end of the connection settles what waits, and points at the caller', async () => {
  await withFake({ faults: { mute: new Set(['guest-get-users']) } }, async (agent, guest) => {
    const pending = [agent.users(), agent.hostName()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    guest.hangUp();
    for (const result of await Promise.allSettled(pending)) {
      assert.ok(result.status === 'rejected' && hasErrorCode(result.reason, 'qga-closed'));
    }
    assert.equal((await agent.closed).error?.code, 'qga-closed');
    const error = await agent.ping().catch((reason) => reason);
    assert.match(error.stack, /guest-agent-client\.test\.ts/);
  });
});

test('a shutdown that is accepted says nothing; one that is refused does', async () => {
  await withFake({}, async (agent, guest) => {
    await agent.shutdown('reboot', { timeoutMs: 20 });
    assert.deepEqual(guest.shutdowns, ['reboot']);
    const leaving = agent.shutdown();
    setTimeout(() => guest.hangUp(), 20);
    await leaving;
  });
  await withFake({ disabled: ['guest-shutdown'] }, async (agent) => {
    await assert.rejects(agent.shutdown(), /has been disabled/);
  });
});

test('a password travels in base64, a time in nanoseconds', async () => {
  await withFake({}, async (agent, guest) => {
    await agent.setPassword('root', 'pä55');
    assert.equal(guest.passwords.get('root'), 'pä55');
    await agent.setTime(new Date(1_700_000_000_000));
    assert.equal(guest.time, 1_700_000_000_000);
  });
});

test('a transfer that fails closes its handle', async () => {
  await withFake({ files: { '/a': 'content' } }, async (agent, guest) => {
    const source = (async function* () {
      yield Buffer.from('first');
      throw new Error('disk error');
    })();
    await assert.rejects(agent.writeFile('/b', source), /disk error/);
    for (const chunkBytes of [0, 1.5, 49 * 2 ** 20]) {
      await assert.rejects(agent.readFile('/a', { chunkBytes }), (error) => hasErrorCode(error, 'qga-chunk-invalid'));
    }
    await assert.rejects(agent.copyFrom('/a', '/nonexistent/folder/a'), /ENOENT/);
    assert.equal(guest.files.openHandles, 0);
  });
});

test('a frozen guest is thawed when the work is done, and when it fails', async () => {
  await withFake({}, async (agent, guest) => {
    const seen = await agent.fsFreeze(async (count) => [count, guest.frozen]);
    assert.deepEqual([seen, guest.frozen], [[1, true], false]);
    await assert.rejects(
      agent.fsFreeze(() => Promise.reject(new Error('no space'))),
      /no space/,
    );
    assert.deepEqual([guest.frozen, guest.freezes], [false, 2]);
  });
});

test('a guest is thawed when it is unknown whether it froze', async () => {
  await withFake({ faults: { mute: new Set(['guest-fsfreeze-freeze']) } }, async (agent, guest) => {
    const work = () => Promise.reject(new Error('this must not run'));
    await assert.rejects(agent.fsFreeze(work, { freezeTimeoutMs: 20 }), (error) => hasErrorCode(error, 'timeout'));
    assert.deepEqual([guest.frozen, guest.freezes], [false, 1]);
  });
});

test('a guest is thawed in time though the work continues, and the work is aborted', async () => {
  await withFake({}, async (agent, guest) => {
    let frozenAfter: boolean | undefined;
    const work = () => new Promise<void>(() => undefined);
    await assert.rejects(agent.fsFreeze(work, { maxMs: 20 }), (error) => {
      frozenAfter = guest.frozen;
      return hasErrorCode(error, 'qga-freeze-expired');
    });
    assert.equal(frozenAfter, false);
    const controller = new AbortController();
    const aborted = agent.fsFreeze(work, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await assert.rejects(aborted, /enough/);
    assert.equal(guest.frozen, false);
  });
});

test('a thaw that is refused at first is tried again, and in the end reported', async () => {
  let refusals = 2;
  const thaw = (_args: unknown, guest: FakeGuestState) => {
    refusals -= 1;
    if (refusals >= 0) throw new Error('busy');
    guest.frozen = false;
    return 1;
  };
  await withFake({ commands: { 'guest-fsfreeze-thaw': thaw } }, async (agent, guest) => {
    await agent.fsFreeze(async () => undefined);
    assert.equal(guest.frozen, false);
    refusals = Number.POSITIVE_INFINITY;
    await assert.rejects(
      agent.fsFreeze(async () => undefined, { thawTimeoutMs: 50 }),
      (error) => hasErrorCode(error, 'qga-thaw-failed'),
    );
  });
});

test('a recorded session plays back, with the sync of the new client', async () => {
  const lines: RecordedLine[] = [];
  const session = async (agent: GuestAgentClient) => {
    const { stdout } = await agent.exec({ path: 'uname' });
    return [stdout, (await agent.readFile('/a')).toString()];
  };
  await using guest = await FakeGuestAgent.listen({
    programs: { uname: () => ({ stdout: 'Fake\n' }) },
    files: { '/a': 'x' },
  });
  const transport = recordSession(await openTransport(guest.address), (line) => lines.push(line));
  await using live = await GuestAgentClient.connect(transport);
  assert.deepEqual(await session(live), ['Fake\n', 'x']);
  await using replayed = await GuestAgentClient.connect(replaySession(JSON.parse(JSON.stringify(lines))));
  assert.deepEqual(await session(replayed), ['Fake\n', 'x']);
});
