import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode, isGoqemuError, withDeadline } from '@goqemu/core';
import { LineSplitter } from '../framing/line-splitter.ts';
import { isQmpCommandError, QmpClient } from '../qmp/index.ts';

/** A monitor under contract: the fake, or a real one. */
export interface MonitorUnderTest extends AsyncDisposable {
  readonly address: { path: string } | { host: string; port: number };
  /** A folder that the server can write to. */
  readonly folder: string;
  /** The version, where it is known in advance. */
  readonly version?: string;
}

export interface MonitorKind {
  readonly name: string;
  /** It has a machine: status, stop, cont and the human monitor. */
  readonly machine: boolean;
  readonly start: () => Promise<MonitorUnderTest>;
}

/**
 * What every QMP monitor does, as this client needs it. The same cases run against the fake and the real ones. A table of
 * cases, hence its length.
 */
export function qmpContract(kind: MonitorKind): void {
  const check = (name: string, body: (monitor: MonitorUnderTest) => Promise<void>) =>
    test(`${kind.name}: ${name}`, async () => {
      await using monitor = await kind.start();
      await body(monitor);
    });

  check('a monitor greets with its version and offers oob', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    assert.ok(qmp.version.major >= 7);
    assert.ok(qmp.greeting.capabilities.includes('oob'));
    const { qemu } = await qmp.execute('query-version');
    assert.deepEqual({ ...qemu }, { major: qmp.version.major, minor: qmp.version.minor, micro: qmp.version.micro });
  });

  check('a second client gets no greeting until the first has gone', async (monitor) => {
    const first = await QmpClient.connect(monitor.address);
    await assert.rejects(
      QmpClient.connect(monitor.address, { greetingTimeoutMs: 150 }),
      (error) => hasErrorCode(error, 'qmp-no-greeting') && /busy with another client/.test(error.message),
    );
    const second = QmpClient.connect(monitor.address, { greetingTimeoutMs: 10_000 });
    await first.close();
    await using qmp = await second;
    await qmp.execute('query-version');
  });

  check('a command before the negotiation is refused, and so is a second negotiation', async (monitor) => {
    const replies = await exchange(monitor, 4, [
      '{"execute":"query-version","id":1}',
      '{"execute":"qmp_capabilities","id":2}',
      '{"execute":"qmp_capabilities","id":3}',
    ]);
    assert.deepEqual(replies.slice(1).map(summary), [
      { id: 1, class: 'CommandNotFound' },
      { id: 2, class: undefined },
      { id: 3, class: 'CommandNotFound' },
    ]);
  });

  check('garbage is answered by an error without an id, and the next command works', async (monitor) => {
    const replies = await exchange(monitor, 5, [
      '{"execute":"qmp_capabilities","id":1}',
      'garbage',
      '[]',
      '{"execute":"query-version","id":2}',
    ]);
    assert.deepEqual(replies.slice(1).map(summary), [
      { id: 1, class: undefined },
      { id: undefined, class: 'GenericError' },
      { id: undefined, class: 'GenericError' },
      { id: 2, class: undefined },
    ]);
  });

  check('hundreds of commands sent at once are all answered', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const replies = await Promise.all(Array.from({ length: 300 }, () => qmp.execute('query-version')));
    assert.ok(replies.every(({ qemu }) => qemu.major === qmp.version.major));
  });

  check('an unknown command is CommandNotFound, and points at the line that sent it', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const error = await refusal(qmp.executeUntyped('x-no-such-command'));
    assert.ok(isQmpCommandError(error, 'CommandNotFound'));
    assert.match(error.stack ?? '', /qmp-contract\.ts/);
  });

  check('missing, mistyped and unexpected arguments are distinguished by their words', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const words = async (args: object) => {
      const error = await refusal(qmp.executeUntyped('job-dismiss', args));
      assert.ok(isQmpCommandError(error, 'GenericError') || isQmpCommandError(error, 'DeviceNotFound'));
      return error.description;
    };
    assert.equal(await words({}), "Parameter 'id' is missing");
    assert.equal(await words({ id: 1 }), "Invalid parameter type for 'id', expected: string");
    assert.equal(await words({ id: 'a', x: 1 }), "Parameter 'x' is unexpected");
    assert.match(await words({ id: 'a' }), /^Job not found/);
  });

  check('a descriptor that did not come along is missed', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    await assert.rejects(qmp.executeUntyped('getfd', { fdname: 'a' }), /file descriptor|not been found/i);
  });

  check('a job that succeeds is concluded and dismissed', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const filename = join(monitor.folder, 'disk.raw');
    await qmp.runJob('blockdev-create', { 'job-id': 'a', options: { driver: 'file', filename, size: 65536 } });
    assert.ok(existsSync(filename));
    assert.deepEqual(await qmp.execute('query-jobs'), []);
  });

  check('a job that fails tells why, and is dismissed', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const filename = join(monitor.folder, 'no-such-folder', 'disk.raw');
    await assert.rejects(
      qmp.runJob('blockdev-create', { 'job-id': 'a', options: { driver: 'file', filename, size: 65536 } }),
      (error) => hasErrorCode(error, 'qmp-job-failed') && /No such file/.test(error.message),
    );
    assert.deepEqual(await qmp.execute('query-jobs'), []);
  });

  check('introspection knows the arguments of a command and nothing that is not there', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    const schema = await qmp.introspect();
    assert.equal(schema.supports('job-dismiss'), true);
    assert.equal(schema.supports('job-dismiss/arg-type/id'), true);
    assert.equal(schema.supports('job-dismiss/arg-type/nothing'), false);
    assert.equal(schema.supports('x-no-such-command'), false);
  });

  check('quit is answered, and then the connection ends', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    await qmp.execute('quit');
    const { error } = await withDeadline('the end of the connection', 10_000, undefined, () => qmp.closed);
    assert.equal(error?.code, 'qmp-closed');
    await assert.rejects(qmp.execute('query-version'), isGoqemuError);
  });

  if (!kind.machine) return;

  check('stop and cont are events before they are replies, and the second stop is none', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    await qmp.execute('cont');
    const seen: string[] = [];
    qmp.onAny(({ event }) => seen.push(event));
    await qmp.waitFor('STOP', { trigger: () => qmp.execute('stop') });
    await qmp.execute('stop');
    assert.equal((await qmp.execute('query-status')).running, false);
    await qmp.waitFor('RESUME', { trigger: () => qmp.execute('cont') });
    assert.equal((await qmp.execute('query-status')).running, true);
    assert.deepEqual(seen, ['STOP', 'RESUME']);
  });

  check('an unknown device is DeviceNotFound', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    await assert.rejects(qmp.execute('device_del', { id: 'none' }), (error) =>
      isQmpCommandError(error, 'DeviceNotFound'),
    );
  });

  check('the human monitor answers with text, also when it does not know the command', async (monitor) => {
    await using qmp = await QmpClient.connect(monitor.address);
    assert.match(await qmp.humanMonitor('no-such-command'), /unknown command: 'no-such-command'/);
  });

  check('out-of-band commands run once they are negotiated, and are refused otherwise', async (monitor) => {
    const plain = await QmpClient.connect(monitor.address);
    await assert.rejects(plain.executeOob('query-yank'), (error) => hasErrorCode(error, 'qmp-oob-unavailable'));
    await plain.close();
    await using qmp = await QmpClient.connect(monitor.address, { oob: true });
    assert.ok(Array.isArray(await qmp.executeOob('query-yank')));
    await qmp.execute('query-version');
  });
}

/** The error of a promise that must fail. */
async function refusal(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, 'it should have been refused');
  return error;
}

/** Sends lines over a bare socket and gives the first `count` messages. */
async function exchange(monitor: MonitorUnderTest, count: number, lines: readonly string[]): Promise<Message[]> {
  const socket = connect(monitor.address);
  const messages: Message[] = [];
  try {
    await withDeadline(`${count} messages`, 10_000, undefined, async () => {
      const enough = new Promise<void>((resolve, reject) => {
        const splitter = new LineSplitter((line) => {
          messages.push(JSON.parse(line.toString('utf8')));
          if (messages.length === count) resolve();
        });
        socket.on('data', (bytes) => splitter.push(bytes));
        socket.on('error', reject);
      });
      socket.write(`${lines.join('\n')}\n`);
      await enough;
    });
  } finally {
    socket.destroy();
  }
  return messages;
}

interface Message {
  readonly id?: number;
  readonly error?: { readonly class: string };
}

function summary(message: Message): { id: number | undefined; class: string | undefined } {
  return { id: message.id, class: message.error?.class };
}
