import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RamCompatibility } from './layer-manifest.ts';
import { ramDifference } from './ram-difference.ts';

const layer: RamCompatibility = {
  arch: 'amd64',
  memory: 2 ** 30,
  cpus: 2,
  accelerator: 'tcg',
  machineType: 'pc-q35-7.2',
  cpu: 'max',
  qemu: '7.2.22',
  devices: 'a digest',
  arguments: ['-m size=1024M', '-device {"driver":"virtio-rng-pci"}'],
};
const never = () => assert.fail('this must not be asked');

test('RAM fits a machine whose QEMU would be started with the same arguments, whatever its configuration says', () => {
  assert.equal(
    ramDifference(layer, { ...layer, devices: 'another' }, () => layer.arguments ?? []),
    undefined,
  );
});

test('the argument that was changed is named', () => {
  const now = ['-m size=1024M', '-device {"driver":"virtio-rng-pci","max-bytes":1}'];
  assert.equal(
    ramDifference(layer, layer, () => now),
    'QEMU was started with -device {"driver":"virtio-rng-pci"}, and now it would be started with -device {"driver":"virtio-rng-pci","max-bytes":1}',
  );
  assert.equal(
    ramDifference(layer, layer, () => [...(layer.arguments ?? [])].reverse()),
    'its arguments are in another order',
  );
});

test('another memory, processor or QEMU is reported before any argument', () => {
  assert.equal(ramDifference(layer, { ...layer, cpus: 4 }, never), 'cpus was 2 and is now 4');
  assert.equal(ramDifference(layer, { ...layer, qemu: '10.0.2' }, never), 'qemu was 7.2.22 and is now 10.0.2');
});

test('a manifest of an earlier version is judged by its digest', () => {
  const { arguments: _, ...older } = layer;
  assert.equal(ramDifference(older, layer, never), undefined);
  assert.equal(ramDifference(older, { ...layer, devices: 'another' }, never), 'the devices differ');
});
