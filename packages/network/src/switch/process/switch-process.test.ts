import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { hostPlatform, hostProcessTable, isAlive, sleep } from '@goqemu/core';
import { socketPlace } from '@goqemu/testing';
import { streamCapture } from '../control/capture-stream.ts';
import { SwitchClient } from '../control/switch-client.ts';
import { buildSwitch } from '../fixture/built-switch.ts';
import { FakeCard } from '../fixture/fake-card.ts';
import { frame, portOf, testFolder, texts } from '../fixture/test-switch.ts';
import { endSwitch, stopSwitch } from './end-switch.ts';
import { findSwitch, startSwitch } from './start-switch.ts';
import { lastSwitch, readSwitchRecord, switchFiles } from './switch-files.ts';

const uuid = '6f1e2a52-7f0c-4d57-9d4f-3a0c8f1d2b11';
const here = hostPlatform();
const otherUuid = '6f1e2a52-7f0c-4d57-9d4f-3a0c8f1d2b12';
const { program, remove } = await buildSwitch();
after(remove);

async function started(t: TestContext) {
  let folder = '';
  t.after(() => endSwitch({ folder, uuid })); // before its folder is removed: it would write into it meanwhile
  const parent = await testFolder(t);
  folder = join(parent, 's');
  const start = () => startSwitch({ folder, uuid, program, timeoutMs: 120_000 });
  return { parent, folder, start, record: await start() };
}

async function untilEnded(record: Parameters<typeof isAlive>[0]): Promise<void> {
  while (await isAlive(record)) await sleep(10);
}

test('a switch is started once, serves its cards, comes back after kill -9 as it was, and leaves nothing behind', async (t) => {
  const { parent, folder, start, record } = await started(t);
  assert.deepEqual(await start(), record);
  const place = await testFolder(t);
  const listen = (name: string) => FakeCard.listen(join(place, name));
  const cards = [await listen('a'), await listen('b')] as const;
  t.after(() => Promise.all(cards.map((card) => card[Symbol.asyncDispose]())));
  const configuration = {
    networks: [{ name: 'lan', cidr: '10.40.0.0/24' }],
    ports: cards.map((card, index) => portOf(index + 1, card.path)),
  };
  {
    await using client = await SwitchClient.connect({ path: record.control, uuid });
    assert.deepEqual(client.identity, { protocol: 1, uuid, pid: record.pid });
    await client.configure(configuration);
    await client.setFaults({ seed: 5, networks: { lan: { machines: { m1: { to: { duplication: 1 } } } } } });
    for (const card of cards) await card.until(() => card.isConnected);
    while (!(await client.status()).ports.every(({ isConnected }) => isConnected)) await sleep(5);
    const capture = await streamCapture({ path: record.control, uuid }, { network: 'lan' });
    cards[0].send(frame({ to: 0, from: 1, text: 'one' }));
    await cards[1].until(() => texts(cards[1]).includes('one'));
    let bytes = Buffer.alloc(0);
    for await (const piece of capture) {
      bytes = Buffer.concat([bytes, piece as Buffer]);
      if (bytes.includes('one')) break;
    }
    assert.equal(bytes.readUInt32LE(0), 0x0a0d0d0a);
    const counters = await client.counters();
    assert.deepEqual([counters['m1:n1']?.fromMachine.frames, counters['lan:gateway']?.toMachine.frames], [1, 1]);
    await assert.rejects(client.flush('web'), { code: 'switch-port-unknown', source: 'user', hint: /m1:n1, m2:n1/ });
    const off = { ...configuration, ports: [{ ...portOf(1, '/x'), ip: '10.99.0.1' }] };
    await assert.rejects(client.configure(off), {
      code: 'switch-config-invalid',
      message: /ports\.0\.ip: 10\.99\.0\.1/,
    });
  }
  process.kill(record.pid, 'SIGKILL');
  await untilEnded(record);
  assert.equal(await findSwitch(folder, uuid), undefined);
  assert.deepEqual(lastSwitch(folder, uuid, here), { networks: ['lan'], hasDied: true });
  const second = await start();
  assert.notEqual(second.pid, record.pid);
  for (const card of cards) await card.until(() => card.connections === 2);
  cards[1].send(frame({ to: 1, from: 2, text: 'two' }));
  await cards[0].until(() => cards[0].received.length === 2); // the fault, too, is there again
  assert.deepEqual(texts(cards[0]), ['two', 'two']);
  await stopSwitch({ folder, uuid: otherUuid });
  assert.equal(await isAlive(second), true);
  await stopSwitch({ folder, uuid });
  assert.equal(await isAlive(second), false);
  assert.deepEqual(lastSwitch(folder, uuid, here), { networks: ['lan'], hasDied: false });
  const third = await start();
  {
    await using client = await SwitchClient.connect({ path: third.control, uuid });
    const { configuration, faults } = await client.status();
    assert.deepEqual([configuration.ports.length, faults.seed], [2, 5], 'it continues with what was applied');
  }
  await endSwitch({ folder, uuid });
  assert.equal(await isAlive(third), false);
  assert.deepEqual(await readdir(parent), []);
});

test('it ends by itself when its folder is gone, and another lab cannot end it', async (t) => {
  const { folder, record } = await started(t);
  await endSwitch({ folder, uuid: otherUuid });
  assert.equal(await isAlive(record), true);
  await assert.rejects(SwitchClient.connect({ path: record.control, uuid: otherUuid }), { code: 'switch-replaced' });
  await rm(folder, { recursive: true });
  await untilEnded(record);
});

test('on SIGTERM it ends, and leaves no record', async (t) => {
  const { folder, record } = await started(t);
  process.kill(record.pid, 'SIGTERM');
  await untilEnded(record);
  assert.equal(readSwitchRecord(switchFiles(folder, uuid, here).record), undefined);
});

test('what is damaged in the folder of a switch that runs is made again, and it is the same process', async (t) => {
  const { folder, start, record } = await started(t);
  const files = switchFiles(folder, uuid, here);
  const configuration = { networks: [{ name: 'lan', cidr: '10.40.0.0/24' }], ports: [] };
  {
    await using client = await SwitchClient.connect({ path: record.control, uuid });
    await client.configure(configuration);
  }
  const state = await readFile(files.state, 'utf8');
  const foreign = JSON.stringify({ ...record, uuid: otherUuid });
  const damages: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
    ['missing', (path) => rm(path)],
    ['empty', (path) => writeFile(path, '')],
    ['zeros', (path) => writeFile(path, Buffer.alloc(200))],
    ["another lab's", (path) => writeFile(path, foreign)],
    ['a folder', (path) => rm(path).then(() => mkdir(path))],
  ];
  for (const [what, damage] of damages) {
    for (const path of [files.record, files.state]) await damage(path);
    assert.deepEqual(await start(), record, `${what}: it is found again, and no second one is left`);
    while ((await readFile(files.state, 'utf8').catch(() => '')) !== state) await sleep(10);
  }
  await using client = await SwitchClient.connect({ path: record.control, uuid });
  assert.equal(client.identity.pid, record.pid);
  assert.deepEqual((await client.status()).configuration.networks.length, 1);
});

test('a control socket that is gone is made again by the same process', async (t) => {
  const { record } = await started(t);
  await rm(record.control);
  while (!existsSync(record.control)) await sleep(10);
  await using client = await SwitchClient.connect({ path: record.control, uuid });
  assert.equal(client.identity.pid, record.pid);
});

test('lines that are no messages are answered with what is wrong, and the next one is served', async (t) => {
  const { record } = await started(t);
  const socket = connect({ path: record.control });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined); // it is closed while a line is being sent
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  socket.write('no json\n[]\n{"command":"explode"}\n{"id":"x","command":"flush"}\n');
  socket.write(
    '{"command":"capture-start","file":"relative","network":"lan"}\n{"command":"capture-start","file":"/x"}\n',
  );
  socket.write('{"id":7,"command":"identity"}\n');
  while (text.split('\n').length < 9) await once(socket, 'data');
  const answers = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    answers.slice(0, 6).map(({ error }) => error.code),
    Array(6).fill('switch-config-invalid'),
  );
  assert.equal(answers[3].id, 'x');
  assert.deepEqual([answers[6].id, answers[6].result.uuid], [7, uuid]);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(Buffer.alloc(9 * 2 ** 20, 'x')); // beyond the longest line
  await closed;
  await using client = await SwitchClient.connect({ path: record.control });
  assert.equal(client.identity.uuid, uuid);
});

test('a switch that cannot start says why', async (t) => {
  const folder = await testFolder(t);
  const broken = {
    folder,
    uuid,
    program: [process.execPath, '-e', 'console.error("no way"); process.exit(3)'] as const,
  };
  await assert.rejects(startSwitch(broken), { code: 'switch-failed', message: /it ended with 3/, detail: /no way/ });
  await assert.rejects(startSwitch({ ...broken, program: [join(folder, 'none')] }), { code: 'switch-failed' });
  await assert.rejects(SwitchClient.connect({ path: socketPlace(folder, 's') }), { code: 'switch-failed' });
});

test('a folder that others may enter is refused', async (t) => {
  const folder = await testFolder(t);
  await chmod(folder, 0o755);
  await assert.rejects(startSwitch({ folder, uuid, program }), { code: 'runtime-folder-unsafe' });
});

test('a record that is damaged, or of a process that has ended, is no switch', async (t) => {
  const folder = await testFolder(t);
  const { record } = switchFiles(folder, uuid, here);
  const own = await hostProcessTable().identify(process.pid);
  assert.equal(await findSwitch(folder, uuid), undefined);
  for (const text of ['{', '{}', JSON.stringify({ ...own, uuid, control: '/x', startTime: '1' })]) {
    await writeFile(record, text);
    assert.equal(await findSwitch(folder, uuid), undefined);
  }
  await writeFile(record, JSON.stringify({ ...own, uuid, control: '/x' }));
  assert.equal((await findSwitch(folder, uuid))?.pid, process.pid);
});

test('on Windows it is spoken to by a named pipe of its own', () => {
  const files = switchFiles('C:\\labs\\s', uuid, { system: 'win32' });
  assert.deepEqual([files.control, files.record], [`\\\\.\\pipe\\goqemu-switch-${uuid}`, 'C:\\labs\\s\\switch.json']);
});
