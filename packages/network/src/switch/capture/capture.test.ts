import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { SwitchPort } from '../bridge/switch-port.ts';
import { frame, testSwitch, texts } from '../fixture/test-switch.ts';
import { Capture } from './capture.ts';
import { Captures } from './captures.ts';

const limits = { snapLength: 262_144, maxBytes: 2 ** 20 };

test('a capture of a network has each frame once, read back by tshark with interface, comment and direction', async (t) => {
  const { its, cards, folder } = await testSwitch(t, { cards: 3 });
  const [one, two] = cards;
  const captures = new Captures(its);
  const file = join(folder, 'lan.pcapng');
  const id = await captures.startFile({ network: 'lan', ...limits }, file);
  one.send(frame({ to: 0, from: 1, text: 'one' }));
  await two.until(() => texts(two).includes('one'));
  two.send(frame({ to: 1, from: 2, text: 'two', size: 101 }));
  await one.until(() => texts(one).includes('two'));
  const report = await captures.stop(id);
  assert.deepEqual(
    [report.of, report.file, report.frames, report.dropped, report.ended],
    ['network lan', file, 2, 0, 'it was stopped'],
  );
  const fields = [
    'frame.interface_name',
    'frame.interface_description',
    'eth.src',
    'frame.len',
    'frame.packet_flags_direction',
    'frame.time_epoch',
  ];
  const { stdout } = await promisify(execFile)('tshark', [
    '-r',
    file,
    '-T',
    'fields',
    ...fields.flatMap((name) => ['-e', name]),
  ]);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  assert.deepEqual(
    rows.map((row) => row.slice(0, 5)),
    [
      ['m1:n1', 'card n1 of machine m1', '52:54:00:00:00:01', '17', '0x00000002'],
      ['m2:n1', 'card n1 of machine m2', '52:54:00:00:00:02', '115', '0x00000002'],
    ],
  );
  assert.ok(rows.every(([, , , , , time]) => Math.abs(Number(time) * 1000 - Date.now()) < 600_000));
});

test('a capture of a machine has what it sends and receives, as it comes, until its reader goes', async (t) => {
  const { its, cards } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  const captures = new Captures(its);
  const output = new PassThrough();
  const id = captures.startStream({ machine: 'm1', ...limits }, output);
  let stream = Buffer.alloc(0);
  output.on('data', (bytes: Buffer) => {
    stream = Buffer.concat([stream, bytes]);
  });
  one.send(frame({ to: 0, from: 1, text: 'out' }));
  await two.until(() => texts(two).includes('out'));
  two.send(frame({ to: 1, from: 2, text: 'in' }));
  three?.send(frame({ to: 2, from: 3, text: 'others' }));
  await two.until(() => texts(two).includes('others'));
  await one.until(() => blocks(stream).filter(({ type }) => type === 6).length === 2);
  const packets = blocks(stream).filter(({ type }) => type === 6);
  assert.deepEqual(
    packets.map(({ body }) => [
      body.toString('latin1', 20 + 14, 20 + body.readUInt32LE(12)),
      body.readUInt32LE(body.length - 8),
    ]),
    [
      ['out', 2],
      ['in', 1],
    ],
  );
  output.destroy();
  await one.until(() => captures.list()[0]?.ended !== undefined);
  assert.deepEqual(
    captures.list().map(({ id, ended }) => [id, ended]),
    [[id, 'its reader has gone']],
  );
  assert.equal(its.networkOf('lan').network.observers.size, 0);
});

test('a reader that is too slow costs frames and a bounded memory, and the file says how many', async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  const reasons: string[] = [];
  const capture = new Capture({
    ...limits,
    maxBytes: 2 ** 30,
    output,
    comment: '',
    includes: () => true,
    onEnd: (reason) => reasons.push(reason),
  });
  const port = new SwitchPort(0, 'm1:n1', { isConnected: true, send: () => 0, flush: () => undefined });
  const bytes = frame({ to: 0, from: 1, size: 1_400 });
  for (let turn = 0; turn < 10_000; turn += 1) capture.frame(port, 'toMachine', bytes, 0, bytes.length);
  assert.ok(capture.dropped > 3_000 && capture.frames + capture.dropped === 10_000, `${capture.dropped} dropped`);
  assert.ok(output.writableLength + output.readableLength < 9 * 2 ** 20);
  let stream = Buffer.alloc(0);
  const pieces: Buffer[] = [];
  output.on('data', (piece: Buffer) => pieces.push(piece));
  await capture.stop();
  stream = Buffer.concat(pieces);
  const statistics = blocks(stream).find(({ type }) => type === 5);
  assert.deepEqual(
    [statistics?.body.readBigUInt64LE(16), statistics?.body.readBigUInt64LE(28)],
    [10_000n, BigInt(capture.dropped)],
  );
  assert.deepEqual(reasons, ['it was stopped']);
});

test('a capture ends at its limit, whole', async (t) => {
  const { its, cards, folder } = await testSwitch(t);
  const captures = new Captures(its);
  const file = join(folder, 'small.pcapng');
  await captures.startFile({ network: 'lan', snapLength: 64, maxBytes: 65_536 }, file);
  cards[0].send(...Array.from({ length: 2_000 }, () => frame({ to: 2, from: 1, size: 500 })));
  await cards[1].until(() => cards[1].received.length === 2_000);
  const [report] = captures.list();
  assert.match(report?.ended ?? '', /its limit of 65536 bytes/);
  await captures.stopAll();
  const packets = blocks(await readFile(file)).filter(({ type }) => type === 6);
  assert.equal(packets.length, report?.frames);
  assert.ok(packets.every(({ body }) => body.readUInt32LE(12) === 64 && body.readUInt32LE(16) === 514));
});

test('a file that cannot be written, and a machine that is not there, are refused', async (t) => {
  const { its, folder } = await testSwitch(t);
  const captures = new Captures(its);
  await assert.rejects(captures.startFile({ network: 'lan', ...limits }, join(folder, 'none', 'x')), {
    code: 'capture-failed',
  });
  await assert.rejects(captures.startFile({ machine: 'web', ...limits }, join(folder, 'x')), {
    code: 'switch-port-unknown',
  });
  await assert.rejects(captures.stop(7), { code: 'switch-port-unknown' });
  assert.deepEqual(captures.list(), []);
});

/** The blocks of a pcapng stream; each has its length at both ends. */
function blocks(stream: Buffer): { type: number; body: Buffer }[] {
  const found: { type: number; body: Buffer }[] = [];
  for (let at = 0; at + 12 <= stream.length; ) {
    const size = stream.readUInt32LE(at + 4);
    if (at + size > stream.length) break;
    assert.equal(stream.readUInt32LE(at + size - 4), size);
    found.push({ type: stream.readUInt32LE(at), body: stream.subarray(at + 8, at + size - 4) });
    at += size;
  }
  return found;
}
