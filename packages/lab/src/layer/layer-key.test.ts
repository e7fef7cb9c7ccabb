import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MachineSpec, ramShape } from '@goqemu/spec';
import { baseKey, seedVersions, stepKey } from './layer-key.ts';

/** States and layer stores of earlier builds hold these texts: a build that makes others finds none of their layers. */
const spec: MachineSpec = {
  name: 'web',
  kind: 'vm',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'auto',
  memory: 4 * 2 ** 30,
  cpus: 2,
  disk: 10e9,
  display: false,
  user: 'debian',
  identity: {
    hostname: 'web',
    instanceId: 'i-0011223344556677',
    mac: '52:54:00:12:34:56',
    machineId: '0123456789abcdef0123456789abcdef',
    sshPort: 20_000,
  },
  forwards: { http: { host: 8080, guest: 80 } },
  timeouts: {},
};
const arm: MachineSpec = { ...spec, arch: 'arm64', firmware: 'uefi', accelerator: 'tcg', memory: 2 ** 29, cpus: 8 };

test('the key of a machine that is ready is the one that stores hold', () => {
  const keys = [spec, arm].flatMap((machine) =>
    seedVersions.map((seed) => baseKey({ ...machine, imageKey: 'sha256:abc' }, seed)),
  );
  assert.deepEqual(keys, [
    '5f8818dfc1b3c8547f8bc1ab9a572ccee9f8637e95a69d47835004a90e50c9db',
    'f1d5ea2a8b70cbc661f3b63621b376655c1408c58e338a428cd556cbea99b3f0',
    'daf2e3af5d2dc39f1345bb6c5e881ae30bb30981515d720dbbefc6dd0fadda1c',
    'd29384d0afd198e9f7aab21bd9ad399bd8ed1f9594ee577f3d79e1ed82c98597',
  ]);
});

test('the key of a step is the one that stores hold', () => {
  const key = stepKey('below', { b: 1, a: ['two'] }, ['other']);
  assert.equal(key, '5c6241ea95861a4feb7cf3ee74fbe59aa39600186413fd39544b2f4f0c27f3c4');
});

test("the shape of a machine's RAM is the one that states hold", () => {
  assert.deepEqual([spec, arm].map(ramShape), ['amd64/bios/4294967296/2/auto', 'arm64/uefi/536870912/8/tcg']);
});
