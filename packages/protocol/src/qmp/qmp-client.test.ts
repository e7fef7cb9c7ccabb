import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasErrorCode, withDeadline } from '@goqemu/core';
import { FakeQmpServer, type FakeQmpServerOptions } from '@goqemu/testing';
import { memoryTransport } from '../transports/memory-transport.ts';
import { QmpClient, type QmpClientOptions } from './qmp-client.ts';
import { isQmpCommandError } from './qmp-errors.ts';

const greeting = '{"QMP":{"version":{"qemu":{"major":9,"minor":1,"micro":0},"package":""},"capabilities":["oob"]}}\r\n';

const clients: QmpClient[] = [];
after(() => Promise.all(clients.map((client) => client.close())));

/** A client whose server is this test: it sees what was sent, and says what it likes. */
async function scripted(options?: QmpClientOptions) {
  const { transport, peer } = memoryTransport();
  peer.onSent = () => peer.deliver('{"return":{},"id":1}\n');
  peer.deliver(greeting);
  const qmp = await QmpClient.connect(transport, options);
  peer.onSent = () => undefined;
  clients.push(qmp);
  return { qmp, peer };
}

async function withFake<T>(options: FakeQmpServerOptions, body: (qmp: QmpClient, server: FakeQmpServer) => Promise<T>) {
  await using server = await FakeQmpServer.listen(options);
  await using qmp = await QmpClient.connect(server.address);
  return await body(qmp, server);
}

test('replies in another order reach each its own command', async () => {
  const { qmp, peer } = await scripted();
  const first = qmp.executeUntyped('a');
  const second = qmp.executeUntyped('b');
  peer.deliver('{"return":"second","id":3}\n{"return":"first","id":2}\n');
  assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
});

test('a command that takes too long is given up, and its late reply is absorbed', async () => {
  const { qmp, peer } = await scripted();
  await assert.rejects(qmp.executeUntyped('slow', undefined, { timeoutMs: 5 }), (error) =>
    hasErrorCode(error, 'timeout'),
  );
  const next = qmp.executeUntyped('next');
  peer.deliver('{"return":"late","id":2}\n{"return":"right","id":3}\n');
  assert.equal(await next, 'right');
});

test('each class of command has a time-out of its own', async () => {
  const { qmp } = await scripted({ timeouts: { query: 5, change: 10, slow: 15 } });
  const times = await Promise.all(
    ['query-status', 'device_del', 'blockdev-add'].map((command) =>
      qmp.executeUntyped(command).then(
        () => undefined,
        (error: { data: { milliseconds: number } }) => error.data.milliseconds,
      ),
    ),
  );
  assert.deepEqual(times, [5, 10, 15]);
});

test('a signal gives a command up, before it is sent or after', async () => {
  const { qmp, peer } = await scripted();
  const before = peer.sent.length;
  await assert.rejects(
    qmp.executeUntyped('a', undefined, { signal: AbortSignal.abort('no') }),
    (reason) => reason === 'no',
  );
  assert.equal(peer.sent.length, before);
  const controller = new AbortController();
  const running = qmp.executeUntyped('a', undefined, { signal: controller.signal });
  controller.abort('enough');
  await assert.rejects(running, (reason) => reason === 'enough');
});

test('arguments that are no JSON are refused, and nothing is sent', async () => {
  const { qmp, peer } = await scripted();
  const before = peer.sent.length;
  await assert.rejects(qmp.executeUntyped('a', { value: 1n }), TypeError);
  assert.equal(peer.sent.length, before);
});

test('the end of the connection settles every command, each with its own name', async () => {
  const { qmp, peer } = await scripted();
  const pending = ['a', 'b', 'c'].map((command) => qmp.executeUntyped(command));
  peer.end(new Error('ECONNRESET'));
  for (const [index, result] of (await Promise.allSettled(pending)).entries()) {
    assert.ok(result.status === 'rejected' && hasErrorCode(result.reason, 'qmp-closed'));
    assert.equal(result.reason.subject, ['a', 'b', 'c'][index]);
    assert.match(result.reason.stack ?? '', /qmp-client\.test\.ts/);
  }
  await assert.rejects(qmp.executeUntyped('later'), (error) => hasErrorCode(error, 'qmp-closed'));
  assert.equal((await qmp.closed).error?.code, 'qmp-closed');
});

test('closing is no error: closed tells of none', async () => {
  const { qmp } = await scripted();
  const pending = qmp.executeUntyped('a');
  await Promise.all([qmp.close(), assert.rejects(pending, (error) => hasErrorCode(error, 'qmp-closed'))]);
  assert.deepEqual(await qmp.closed, {});
});

test('garbage ends the connection and everything that waits', async () => {
  const { qmp, peer } = await scripted();
  const pending = qmp.executeUntyped('a');
  const event = qmp.waitFor('STOP');
  peer.deliver('login: \n');
  await assert.rejects(pending, (error) => hasErrorCode(error, 'qmp-garbage') && /login: /.test(error.message));
  await assert.rejects(event, (error) => hasErrorCode(error, 'qmp-garbage'));
  assert.equal((await qmp.closed).error?.code, 'qmp-garbage');
});

test('a peer that is no monitor is distinguished from a busy one', async () => {
  const { transport, peer } = memoryTransport();
  peer.deliver('SSH-2.0-OpenSSH_9.2\r\n');
  await assert.rejects(QmpClient.connect(transport), (error) => hasErrorCode(error, 'qmp-garbage'));
});

test('a line beyond the limit ends the connection', async () => {
  const { qmp, peer } = await scripted({ maxLineBytes: 200 });
  const pending = qmp.executeUntyped('a');
  peer.deliver('x'.repeat(201));
  await assert.rejects(pending, (error) => hasErrorCode(error, 'qmp-garbage'));
});

test('an error without an id belongs to the command that has waited longest', async () => {
  const { qmp, peer } = await scripted();
  const first = qmp.executeUntyped('a');
  const second = qmp.executeUntyped('b');
  peer.deliver('{"error":{"class":"GenericError","desc":"JSON parse error"}}\n{"return":1,"id":3}\n');
  await assert.rejects(first, (error) => isQmpCommandError(error, 'GenericError'));
  assert.equal(await second, 1);
});

test('a command that is newer than the QEMU it was sent to is reported as that', async () => {
  await withFake({ version: { major: 7, minor: 2, micro: 0 } }, async (qmp) => {
    const newer = await qmp.execute('request-ebpf', { id: 'rss' }).catch((reason) => reason);
    assert.match(newer.hint, /newer than the QEMU .* came with QEMU 9\.0, and this is QEMU 7\.2\.0/);
    const left = await qmp.execute('query-balloon').catch((reason) => reason);
    assert.match(left.hint, /came with QEMU 0\.14.* left out of this build/);
  });
});

test('events reach callbacks, and those that have unsubscribed receive no more', async () => {
  await withFake({}, async (qmp, server) => {
    const seen: string[] = [];
    const leave = qmp.on('RESET', ({ data }) => seen.push(data.reason));
    await qmp.waitFor('RESET', { trigger: () => qmp.execute('system_reset') });
    leave();
    server.emit('RESET', { guest: true, reason: 'guest-reset' });
    await qmp.execute('query-status');
    assert.deepEqual(seen, ['host-qmp-system-reset']);
  });
});

test('the iterator of events ends when the client closes, and fails when the connection is lost', async () => {
  await withFake({}, async (qmp, server) => {
    const events = qmp.events();
    server.emit('STOP');
    assert.equal((await events.next()).value.event, 'STOP');
    server.hangUp();
    await assert.rejects(events.next(), (error) => hasErrorCode(error, 'qmp-closed'));
    await assert.rejects(qmp.events().next(), (error) => hasErrorCode(error, 'qmp-closed'));
  });
  const { qmp } = await scripted();
  const next = qmp.events().next();
  await qmp.close();
  assert.equal((await next).done, true);
});

test('a wait picks the event that matches', async () => {
  await withFake({}, async (qmp, server) => {
    const wait = qmp.waitFor('JOB_STATUS_CHANGE', { match: ({ data }) => data.status === 'concluded' });
    server.jobs.start('a');
    assert.equal((await wait).data.id, 'a');
  });
});

test('a wait ends with its time, its signal, its trigger and its connection', async () => {
  const { qmp, peer } = await scripted();
  await assert.rejects(qmp.waitFor('STOP', { timeoutMs: 5 }), (error) => hasErrorCode(error, 'timeout'));
  await assert.rejects(qmp.waitFor('STOP', { signal: AbortSignal.abort('no') }), (reason) => reason === 'no');
  const failing = () => Promise.reject(new Error('refused'));
  await assert.rejects(qmp.waitFor('STOP', { trigger: failing }), /refused/);
  const match = () => {
    throw new Error('bad match');
  };
  const bad = qmp.waitFor('STOP', { match });
  peer.deliver('{"event":"STOP","timestamp":{"seconds":0,"microseconds":0}}\n');
  await assert.rejects(bad, /bad match/);
  const wait = qmp.waitFor('STOP');
  peer.end();
  await assert.rejects(wait, (error) => hasErrorCode(error, 'qmp-closed'));
  await assert.rejects(qmp.waitFor('STOP'), (error) => hasErrorCode(error, 'qmp-closed'));
});

test('a slow reader holds the connection back, but not while a command waits for its reply', async () => {
  const { qmp, peer } = await scripted();
  const events = qmp.events({ highWaterMark: 2 });
  const event = '{"event":"STOP","timestamp":{"seconds":0,"microseconds":0}}\n';
  peer.deliver(event + event);
  assert.equal(peer.paused, true);
  const reply = qmp.executeUntyped('a');
  assert.equal(peer.paused, false);
  peer.deliver(`${event}{"return":1,"id":2}\n`);
  assert.equal(await reply, 1);
  assert.equal(peer.paused, true);
  const wait = qmp.waitFor('RESUME');
  assert.equal(peer.paused, false);
  peer.deliver('{"event":"RESUME","timestamp":{"seconds":0,"microseconds":0}}\n');
  await wait;
  assert.equal(peer.paused, true);
  for (let read = 0; read < 3; read += 1) await events.next();
  assert.equal(peer.paused, false);
});

test('a session is the same when every byte comes alone', async () => {
  await withFake({ faults: { splitBytes: 1 } }, async (qmp) => {
    await qmp.waitFor('STOP', { trigger: () => qmp.execute('stop') });
    assert.equal((await qmp.execute('query-status')).status, 'paused');
  });
});

test('a server that hangs up in the middle of a line is a lost connection', async () => {
  await withFake({ faults: { mute: new Set(['query-name']) } }, async (qmp, server) => {
    const pending = qmp.execute('query-name');
    server.sendRaw('{"return": {"na');
    server.hangUp();
    await assert.rejects(pending, (error) => hasErrorCode(error, 'qmp-closed'));
  });
});

test('a server that never greets is a busy monitor; one that hangs up at once is not', async () => {
  await using mute = await FakeQmpServer.listen({ faults: { noGreeting: true } });
  const greetingTimeoutMs = 20;
  await assert.rejects(QmpClient.connect(mute.address, { greetingTimeoutMs }), (e) =>
    hasErrorCode(e, 'qmp-no-greeting'),
  );
  const { transport, peer } = memoryTransport();
  peer.end();
  await assert.rejects(QmpClient.connect(transport), (error) => hasErrorCode(error, 'qmp-closed'));
});

test('connecting ends with its signal', async () => {
  await using mute = await FakeQmpServer.listen({ faults: { noGreeting: true } });
  const controller = new AbortController();
  const connecting = QmpClient.connect(mute.address, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(connecting, /enough/);
});

test('introspection is asked for once, and not at all where the cache has it', async () => {
  const kept = new Map<string, string>();
  const cache = {
    read: async (binary: string) => kept.get(binary),
    write: async (binary: string, text: string) => void kept.set(binary, text),
  };
  await using server = await FakeQmpServer.listen();
  const asked = () => server.received.filter(({ execute }) => execute === 'query-qmp-schema').length;
  for (let client = 0; client < 2; client += 1) {
    await using qmp = await QmpClient.connect(server.address, { introspectionCache: { cache, binary: 'digest' } });
    assert.deepEqual(await Promise.all([qmp.supports('stop'), qmp.supports('none')]), [true, false]);
  }
  assert.equal(asked(), 1);
  kept.set('digest', 'damaged');
  await using qmp = await QmpClient.connect(server.address, { introspectionCache: { cache, binary: 'digest' } });
  assert.equal(await qmp.supports('stop'), true);
  assert.equal(asked(), 2);
});

test('a session that was recorded plays back, and one that differs is stopped', async () => {
  const { recordSession } = await import('../recording/recording-transport.ts');
  const { replaySession } = await import('../recording/replay-transport.ts');
  const { openTransport } = await import('../transports/address.ts');
  const lines: import('../recording/recorded-line.ts').RecordedLine[] = [];
  const session = async (qmp: QmpClient) => {
    await qmp.waitFor('STOP', { trigger: () => qmp.execute('stop') });
    return (await qmp.execute('query-status')).status;
  };
  await using server = await FakeQmpServer.listen();
  await using live = await QmpClient.connect(
    recordSession(await openTransport(server.address), (line) => lines.push(line)),
  );
  assert.equal(await session(live), 'paused');
  await using replayed = await QmpClient.connect(replaySession(lines));
  assert.equal(await session(replayed), 'paused');
  await using other = await QmpClient.connect(replaySession(lines));
  await assert.rejects(other.execute('cont'), (error) => hasErrorCode(error, 'qmp-closed'));
  const { error } = await withDeadline('the end of the replay', 1_000, undefined, () => other.closed);
  assert.ok(hasErrorCode(error?.cause, 'replay-mismatch'));
});
