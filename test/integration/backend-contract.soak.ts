import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createQemuBackend } from '@goqemu/backend-qemu';
import { hostPlatform } from '@goqemu/core';
import { backendContract } from '@goqemu/testing/backend-contract';
import { tinyImage } from '../e2e/tiny-image.ts';

const home = await mkdtemp(join(tmpdir(), 'goqemu-contract-'));
const backend = createQemuBackend({ platform: { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: home } } });
after(async () => {
  await backend[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const machine = {
  name: 'contract',
  kind: 'vm',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'tcg',
  memory: 2 ** 28,
  cpus: 1,
  disk: 2 ** 31,
  display: false,
  user: 'debian',
  identity: {
    hostname: 'contract',
    instanceId: 'i-contract',
    mac: '52:54:00:c0:ff:ee',
    machineId: 'c'.repeat(32),
    sshPort: await freePort(),
  },
  forwards: {},
  timeouts: {},
} as const;

for (const { name, run } of backendContract({ backend, image: await tinyImage(), machine })) test(`QEMU: ${name}`, run);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
