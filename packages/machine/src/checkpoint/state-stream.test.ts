import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { hasFixedRomsOnly } from './copy-on-write.ts';
import { saveDevices } from './save-devices.ts';
import { loadState, saveState } from './saved-state.ts';
import { stateChannel } from './state-channel.ts';
import { parseStateStream, withDevices } from './state-stream.ts';

const memfd = { memoryBackend: { kind: 'memfd', share: true } } as const;

test('the state of a real machine is cut into head, RAM and devices, and put together again', async (t) => {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, { startPaused: true, ...memfd });
  const file = join(folder, 'state');
  await saveState(machine.qmp, file, { channel: stateChannel(machine.record) });
  const bytes = await readFile(file);
  const stream = parseStateStream(bytes);
  assert.deepEqual(Buffer.concat([stream.head, stream.ram, stream.devices]), bytes);
  assert.ok(stream.blocks.includes('pc.bios'));
  assert.ok(!stream.blocks.includes('ram'), 'the main memory stays in its memfd');
  assert.ok(hasFixedRomsOnly(stream));
});

test('devices that were saved alone are loaded with the RAM blocks of an earlier state', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await testMachine(t, { startPaused: true, ...memfd });
  const [base, devices, joined] = ['base', 'devices', 'joined'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await saveState(first.qmp, base, { channel: stateChannel(first.record) });
  await saveDevices(first.qmp, devices);
  await writeFile(joined, withDevices(parseStateStream(await readFile(base)), await readFile(devices)));
  const second = await testMachine(t, { startPaused: true, incoming: 'defer', ...memfd });
  await loadState(second.qmp, joined, { channel: stateChannel(second.record) });
  assert.equal(await second.status(), 'paused');
});

test('video memory and UEFI variables are no fixed ROMs', () => {
  const of = (...blocks: string[]) => ({ head: Buffer.of(), ram: Buffer.of(), devices: Buffer.of(), blocks });
  assert.ok(hasFixedRomsOnly(of('pc.bios', 'pc.rom', '/rom@etc/acpi/tables', '0000:00:08.0/virtio-net-pci.rom')));
  assert.ok(!hasFixedRomsOnly(of('pc.bios', 'vga.vram')));
  assert.ok(!hasFixedRomsOnly(of('pc.bios', 'system.flash1')));
});

test('bytes that are no state are refused, whatever they are', () => {
  const head = Buffer.from('5145564d00000003', 'hex');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, withHead) => {
      const input = withHead ? Buffer.concat([head, bytes]) : Buffer.from(bytes);
      try {
        const { head: first, ram, devices } = parseStateStream(input);
        assert.equal(first.length + ram.length + devices.length, input.length);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'state-stream-unknown');
      }
    }),
  );
});
