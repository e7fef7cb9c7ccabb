import { test } from 'node:test';
import type { MachineSpec } from '@goqemu/lab';
import { FakeBackend } from '../backend/fake-backend.ts';
import { backendContract } from './backend-contract.ts';

const machine: MachineSpec = {
  name: 'contract',
  kind: 'vm',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'auto',
  memory: 2 ** 30,
  cpus: 1,
  disk: 10e9,
  display: false,
  user: 'debian',
  identity: {
    hostname: 'contract',
    instanceId: 'i-contract',
    mac: '52:54:00:c0:ff:ee',
    machineId: 'c'.repeat(32),
    sshPort: 22_000,
  },
  forwards: {},
  timeouts: {},
};

const kinds = {
  'the fake backend': new FakeBackend(),
  'the fake backend without its capabilities': new FakeBackend({
    capabilities: {
      suspendMachines: false,
      ramLayers: false,
      importMachines: false,
      coalesceLayers: false,
      flattenLayers: false,
      networks: false,
    },
  }),
};

for (const [kind, backend] of Object.entries(kinds))
  for (const { name, run } of backendContract({ backend, image: 'debian-12', machine })) test(`${kind}: ${name}`, run);
