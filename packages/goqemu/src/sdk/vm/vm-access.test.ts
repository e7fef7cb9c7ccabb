import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileLock, hostPlatform } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import { startOpensshServer } from '@goqemu/testing';
import { type StandaloneRecord, standalonePlace, Vm } from '@goqemu/vm';
import { type GuestBench, guestContract } from '../guest/fixture/guest-contract.ts';
import { SessionGuest } from '../guest/session-guest.ts';
import { DrivenVm } from './driven-vm.ts';
import { HeldVm } from './held-vm.ts';
import { checkConfig } from './options/vm-config.ts';
import { vmAccess } from './vm-access.ts';

const record: StandaloneRecord = {
  version: 1,
  name: 'web',
  temporary: false,
  image: 'debian-12',
  snapshots: 'disk',
  networkWish: 'user',
  networkReason: '',
  forward: {},
  spec: {
    name: 'web',
    arch: 'amd64',
    firmware: 'bios',
    accelerator: 'auto',
    memory: 2 ** 30,
    cpus: 1,
    disk: 10e9,
    display: false,
    user: 'debian',
    identity: {
      hostname: 'web',
      instanceId: 'i-web',
      mac: '52:54:00:be:0c:04',
      machineId: 'be0c4be0c4be0c4be0c4be0c4be0c4be',
      sshPort: 22,
    },
    forwards: {},
    network: { kind: 'user' },
    timeouts: {},
  },
};

/** A VM that seems to run: a real sshd is its guest, and its QEMU does nothing. */
async function openVm(): Promise<GuestBench> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-vm-guest-'));
  const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: folder } };
  const driven = new DrivenVm(checkConfig({ name: 'web', timeouts: { connect: '10 s' } }, 'amd64'), { platform });
  const place = await standalonePlace(driven.host, 'web', 'disk');
  const vm = new Vm(place.host, place.scope, record.spec);
  await mkdir(vm.folder.path, { recursive: true });
  await writeFile(vm.folder.state, JSON.stringify({ version: 1, uuid: randomUUID(), disk: 'disk-1.qcow2' }));
  const [access, hostKey] = await Promise.all([driven.host.keys.loadOrCreate(place.scope.lineage), vm.hostKey()]);
  const server = await startOpensshServer({ hostPrivateKey: hostKey.privateKey, authorizedKeys: [access.publicKey] });
  const identity = { ...record.spec.identity, sshPort: server.port };
  const spec = { ...record.spec, user: server.user, identity };
  const lock = { [Symbol.asyncDispose]: async () => undefined } as unknown as FileLock;
  const held = new HeldVm(place, { ...record, spec }, lock, 10_000);
  const run = async () => held.run(idleMachine(), await held.session());
  driven.take(held);
  await run();
  const guest = new SessionGuest(vmAccess(driven));
  return {
    guest: Object.assign(guest, { sendCommand: guest.exec.bind(guest) }),
    notRunning: 'vm-not-running',
    async interrupt() {
      await held.disconnect('was stopped');
      await run();
    },
    stop: () => held.disconnect('was stopped'),
    async [Symbol.asyncDispose]() {
      await held.release();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function idleMachine(): Machine {
  const machine = {
    record: {},
    qmp: { on: () => () => undefined, closed: new Promise(() => undefined) },
    wait: ({ signal }: { readonly signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    agent: () => Promise.reject(new Error('there is no agent')),
    close: async () => undefined,
  };
  return machine as unknown as Machine;
}

guestContract('a VM is a guest', openVm);
