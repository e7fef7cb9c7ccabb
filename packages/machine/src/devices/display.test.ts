import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasErrorCode, sleep } from '@goqemu/core';
import { isQmpCommandError } from '@goqemu/protocol';
import { RfbReader } from '../fixture/rfb-reader.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { keysOfCharacter } from './keyboard.ts';

/** Both ends of a connection. */
async function socketPair(t: TestContext): Promise<[near: Socket, far: Socket]> {
  const path = join(await temporaryFolder(t), 'pair');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const far = connect(path);
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  t.after(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

test('a picture of the screen comes as PNG and as PPM', async (t) => {
  // Paused, since firmware that starts changes the size between two pictures.
  const machine = await testMachine(t, { video: 'std', startPaused: true });
  const png = await machine.display.screenshot();
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const ppm = await machine.display.screenshot({ format: 'ppm' });
  assert.match(ppm.subarray(0, 20).toString('latin1'), /^P6\n\d+ \d+\n255\n/);
  assert.deepEqual(await machine.display.size(), { width: png.readUInt32BE(16), height: png.readUInt32BE(20) });
});

test('a machine without a graphics card has no screen, and says so', async (t) => {
  const machine = await testMachine(t);
  await assert.rejects(machine.display.screenshot(), (error) => isQmpCommandError(error));
});

test('a socket that was handed over speaks RFB with QEMU, and shows the framebuffer', async (t) => {
  const machine = await testMachine(t, { display: { kind: 'vnc' } });
  const [near, far] = await socketPair(t);
  await machine.display.addVncClient(near, { skipAuth: true });
  assert.equal(near.destroyed, true);
  const rfb = new RfbReader(far);
  assert.equal((await rfb.take(12)).toString('latin1'), 'RFB 003.008\n');
  far.write('RFB 003.008\n');
  const types = await rfb.take((await rfb.take(1))[0] ?? 0);
  assert.ok(types.includes(1), 'no authentication is offered');
  far.write(Buffer.of(1));
  assert.deepEqual([...(await rfb.take(4))], [0, 0, 0, 0]);
  far.write(Buffer.of(1)); // ClientInit: shared
  const init = await rfb.take(24);
  const [width, height] = [init.readUInt16BE(0), init.readUInt16BE(2)];
  assert.ok(width > 0 && height > 0);
  await rfb.take(init.readUInt32BE(20)); // the name
  const request = Buffer.alloc(10);
  request.writeUInt8(3, 0);
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  far.write(request); // FramebufferUpdateRequest, the whole screen (RFC 6143 §7.5.3)
  const update = await rfb.take(4);
  assert.equal(update[0], 0);
  assert.ok(update.readUInt16BE(2) >= 1);
  const rectangle = await rfb.take(12);
  const pixels = await rfb.take((rectangle.readUInt16BE(4) * rectangle.readUInt16BE(6) * (init[4] ?? 0)) / 8);
  assert.ok(pixels.length > 0);
});

test('a VNC server with a password asks for it, and takes it until it has expired', async (t) => {
  const path = join(await temporaryFolder(t), 'vnc');
  const machine = await testMachine(t, { display: { kind: 'vnc', listen: { path }, password: true } });
  await machine.display.setPassword('vnc', 'secret', { expires: { seconds: 60 } });
  await machine.display.expirePassword('vnc', 'now');
  await machine.display.expirePassword('vnc', 'never');
  const client = connect(path);
  t.after(() => client.destroy());
  const rfb = new RfbReader(client);
  await rfb.take(12);
  client.write('RFB 003.008\n');
  assert.deepEqual([...(await rfb.take(2))], [1, 2]); // one type: VNC authentication
  await assert.rejects(machine.display.setPassword('vnc', 'much too long'), (error) =>
    hasErrorCode(error, 'password-too-long'),
  );
});

test('SPICE takes a password and a client, where the build has it', async (t) => {
  if (!(await testQemu()).features.options.includes('spice')) {
    await assert.rejects(testMachine(t, { display: { kind: 'spice' } }), (error) =>
      hasErrorCode(error, 'feature-missing'),
    );
    return;
  }
  const machine = await testMachine(t, { display: { kind: 'spice', password: true } });
  await machine.display.setPassword('spice', 'a longer secret', { expires: 'never' });
  const [near, far] = await socketPair(t);
  await machine.display.addSpiceClient(near, { skipAuth: true });
  const link = Buffer.alloc(16 + 18);
  link.write('REDQ', 0, 'latin1');
  link.writeUInt32LE(2, 4); // version 2.2 of the SPICE protocol
  link.writeUInt32LE(2, 8);
  link.writeUInt32LE(18, 12);
  link.writeUInt8(1, 16 + 4); // the main channel
  link.writeUInt32LE(18, 16 + 14);
  far.write(link);
  assert.equal((await new RfbReader(far).take(4)).toString('latin1'), 'REDQ');
});

test('keys, text and the mouse reach the machine', async (t) => {
  const machine = await testMachine(t, { display: { kind: 'vnc' }, usb: { devices: [{ kind: 'tablet' }] } });
  await machine.display.pressKeys(['ctrl', 'alt', 'delete'], { holdMs: 10 });
  await machine.display.typeText('Hello, World!\n', { characterMs: 1 });
  await machine.display.movePointer(0.5, 1);
  await machine.display.moveMouse(3, -4);
  await machine.display.click('right');
  await assert.rejects(machine.display.typeText('ok ☃'), (error) => hasErrorCode(error, 'key-missing'));
});

test('input for a machine that does not run is refused, with what of it was typed', async (t) => {
  const machine = await testMachine(t, { display: { kind: 'vnc' }, startPaused: true });
  const { display } = machine;
  const lost = (error: unknown) => hasErrorCode(error, 'input-dropped');
  await assert.rejects(display.typeText('abc'), (error) => lost(error) && /0 of 3 characters/.test(String(error)));
  await assert.rejects(display.pressKeys(['a']), lost);
  await assert.rejects(display.moveMouse(1, 1), lost);
  await assert.rejects(display.click(), lost);
  await machine.resume();
  // Both are awaited from the start: the typing may fail before the answer to the pause is here.
  const refused = assert.rejects(
    display.typeText('a'.repeat(400), { characterMs: 1 }),
    (error) => hasErrorCode(error, 'input-dropped') && error.data.total === 400,
  );
  await Promise.all([refused, machine.pause()]);
});

/** Prints each byte of its keyboard to port 0xE9, and first an R, in real mode with the keyboard's interrupt masked; it
 * pauses between its looks, because each takes QEMU's lock. */
const echoKeyboard = Buffer.from('fab0ffe621b052e6e9b90040e2fee464a80174f5e460e6e9ebef', 'hex');

test('a text of any length reaches the keyboard of the guest whole, and in order', async (t) => {
  const folder = await temporaryFolder(t);
  const [disk, log] = [join(folder, 'boot'), join(folder, 'log')];
  const sectors = Buffer.alloc(2 ** 20);
  echoKeyboard.copy(sectors);
  sectors.writeUInt16LE(0xaa55, 510);
  await writeFile(disk, sectors);
  const machine = await testMachine(t, {
    drives: [{ source: disk, format: 'raw', interface: 'sata' }],
    extraArguments: ['-chardev', `file,id=log,path=${log}`, '-device', 'isa-debugcon,iobase=0xe9,chardev=log'],
  });
  const read = () => readFile(log).catch(() => Buffer.alloc(0));
  const until = async (there: (bytes: Buffer) => boolean) => {
    for (const limit = performance.now() + 60_000; ; ) {
      const bytes = await read();
      if (there(bytes)) return bytes;
      assert.ok(performance.now() < limit, `the guest has printed ${bytes.toString('hex')} alone in a minute`);
      await sleep(20);
    }
  };
  await until((bytes) => bytes.includes(0x52));
  const text = 'abcde'.repeat(16);
  await machine.display.typeText(text);
  // What the guest has read of its keyboard is still on its way through the log.
  const codes = (bytes: Buffer) => bytes.subarray(bytes.indexOf(0x52) + 1).filter((code) => code < 0x80);
  const typed = codes(await until((bytes) => codes(bytes).length >= text.length));
  const letters: Readonly<Record<number, string>> = { 30: 'a', 48: 'b', 46: 'c', 32: 'd', 18: 'e' };
  assert.equal([...typed].map((code) => letters[code]).join(''), text);
});

test('every printable character of ASCII has its keys', () => {
  for (let code = 0x20; code < 0x7f; code++) assert.ok(keysOfCharacter(String.fromCharCode(code)).length > 0);
  assert.deepEqual(keysOfCharacter('A'), ['shift', 'a']);
  assert.deepEqual(keysOfCharacter('|'), ['shift', 'backslash']);
  assert.deepEqual(keysOfCharacter('('), ['shift', '9']);
});

test('a client for a server that the machine does not have is refused, and QEMU keeps no descriptor', async (t) => {
  const machine = await testMachine(t);
  const descriptors = async () => (await readdir(`/proc/${machine.record.pid}/fd`)).length;
  const before = await descriptors();
  for (const add of ['addVncClient', 'addSpiceClient'] as const) {
    const [near] = await socketPair(t);
    await assert.rejects(machine.display[add](near), { code: 'display-absent' });
    assert.equal(near.destroyed, true);
  }
  assert.equal(await descriptors(), before);
});

test('a client that was given up half-way is taken back from QEMU', async (t) => {
  const machine = await testMachine(t, { display: { kind: 'vnc' } });
  const before = (await readdir(`/proc/${machine.record.pid}/fd`)).length;
  const [near, far] = await socketPair(t);
  const given = new AbortController();
  const pass = machine.qmp.passDescriptor.bind(machine.qmp);
  machine.qmp.passDescriptor = async (...words) => {
    await pass(...words);
    given.abort(new Error('given up'));
  };
  const end = once(far, 'close');
  far.resume();
  await assert.rejects(machine.display.addVncClient(near, { signal: given.signal }), { message: 'given up' });
  assert.equal((await readdir(`/proc/${machine.record.pid}/fd`)).length, before);
  await end;
});
