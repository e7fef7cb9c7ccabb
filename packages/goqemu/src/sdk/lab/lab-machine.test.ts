import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@goqemu/core';
import { generateSshKeyPair } from '@goqemu/guest';
import { defineLab, Engine } from '@goqemu/lab';
import { FakeBackend, FakeHost, startOpensshServer } from '@goqemu/testing';
import { type GuestBench, guestContract } from '../guest/fixture/guest-contract.ts';
import { RunningLab } from './running-lab.ts';

const definition = defineLab({ name: 'contract' }, (lab) => {
  lab.vm('web', { memory: '1 GiB' }).checkpoint('ready');
});

/** A machine of a lab that is applied on the fake backend; a real sshd is its guest. */
async function openMachine(): Promise<GuestBench> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-lab-machine-'));
  const [access, hostKey] = await Promise.all([generateSshKeyPair('access'), generateSshKeyPair('host')]);
  const server = await startOpensshServer({ hostPrivateKey: hostKey.privateKey, authorizedKeys: [access.publicKey] });
  const host = new FakeHost();
  const guest = { server, privateKey: access.privateKey, hostKey: hostKey.publicKey };
  const backend = new FakeBackend({ host, guest });
  const engine = new Engine({
    backend,
    lab: 'contract',
    labFolder: folder,
    labFile: join(folder, 'lab.ts'),
    stateFolder: join(folder, 'state'),
    home: join(folder, 'home'),
    command: 'test',
  });
  const parts = { engine, backend, definition, name: 'contract', stack: 'default', parameters: {} };
  const lab = new RunningLab({ ...parts, logger: silentLogger });
  await lab.apply();
  const { id } = await lab.checkpoint('before');
  return {
    guest: lab.machine('web'),
    notRunning: 'machine-not-running',
    interrupt: async () => void (await lab.restore(id)),
    async stop() {
      await lab.restore(id);
      for (const machine of host.machines.values()) machine.status = 'stopped';
    },
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

guestContract('a machine of a lab is a guest', openMachine);
