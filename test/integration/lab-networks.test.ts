import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Machine } from '@goqemu/machine';
import { endSwitch, SwitchClient, startSwitch } from '@goqemu/network';
import { cutLab, labCardSocket, labCards, startVm, type VmOrigin } from '@goqemu/vm';
import { CheckpointLab, inGuest, keyOf } from './checkpoint-lab.ts';

const program = fileURLToPath(new URL('../../packages/network/src/switch/process/switch-main.ts', import.meta.url));
const uuid = '11111111-2222-4333-8444-555555555555';
const networks = [{ name: 'lan', cidr: '10.40.0.0/24' }];
const cardsOf = (number: number) => [
  { name: 'lan', network: 'lan', prefix: 24, slot: 0, mac: `52:54:00:00:01:0${number}`, ip: `10.40.0.1${number}` },
];

describe('machines in a network of their lab', () => {
  let lab: CheckpointLab;
  let folder: string;
  let client: SwitchClient;
  let machines: Record<'web' | 'db', Machine>;
  const made: string[] = [];

  const configure = async () => {
    const ports = await Promise.all(
      made.map(async (name) => {
        const { vm } = await lab.vm(name);
        const runtimeFolder = String((await vm.state()).machine?.runtimeFolder ?? vm.runtimeFolder);
        const [card] = labCards(vm.spec);
        assert.ok(card);
        const endpoint = { kind: 'unix' as const, path: labCardSocket(runtimeFolder, card.id) };
        return {
          machine: name,
          card: card.id,
          network: 'lan',
          endpoint,
          mac: card.mac,
          ...(card.ip ? { ip: card.ip } : {}),
        };
      }),
    );
    await client.configure({ networks, ports });
    await client.dial();
  };

  const boot = async (name: string, from?: VmOrigin) => {
    await lab.create(name, from);
    made.push(name);
    await configure();
    const { vm, session } = await lab.vm(name);
    return startVm(vm, session, lab.call);
  };

  before(async () => {
    lab = await CheckpointLab.open({ cards: { web: cardsOf(1), db: cardsOf(2), copy: cardsOf(3) } });
    folder = join(lab.folder, 'switch');
    const record = await startSwitch({ folder, uuid, program: [process.execPath, '--import', 'tsx', program] });
    client = await SwitchClient.connect({ path: record.control, uuid });
    machines = { web: await boot('web'), db: await boot('db') };
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
    await endSwitch({ folder, uuid });
  });

  test('have their addresses, and find each other by name', async () => {
    assert.match(await inGuest(machines.web, 'ip -4 addr'), /inet 10\.40\.0\.11\/24/);
    assert.match(await inGuest(machines.web, 'ping -c 1 -W 5 10.40.0.12'), /1 packets received/);
    assert.match(await inGuest(machines.db, 'nslookup web.lan 10.40.0.1'), /10\.40\.0\.11/);
  });

  test('a connection between two guests continues when both are taken back', async () => {
    await inGuest(
      machines.db,
      '(setsid sh -c "sleep 100000 | nc -l -p 7000 > /dev/shm/heard" < /dev/null > /dev/null 2>&1 &)',
    );
    await inGuest(
      machines.web,
      '(setsid sh -c "(while :; do echo tick; sleep 0.2; done) | nc 10.40.0.12 7000" < /dev/null > /dev/null 2>&1 &)',
    );
    const heard = async () => Number(await inGuest(machines.db, 'cat /dev/shm/heard | wc -l'));
    const hears = async (lines: number) => {
      for (let tries = 0; tries < 300; tries++) if ((await heard()) >= lines) return;
      assert.fail(`the guest has heard ${await heard()} lines of ${lines}`);
    };
    await hears(3);
    const parts = (['web', 'db'] as const).map(async (name) => {
      const { vm, session } = await lab.vm(name);
      const options = { key: keyOf(`${name} ready`), ram: true, descriptions: ['ready'] };
      return { vm, session, machine: machines[name], options };
    });
    await cutLab(await Promise.all(parts), lab.call);
    // What one of them says while the other is not back yet belongs to another time.
    await client.configure({ networks, ports: [] });
    for (const name of ['web', 'db'] as const) {
      await machines[name].close();
      machines[name] = await lab.restore(`${name} ready`, name);
    }
    await configure();
    const before = await heard();
    await hears(before + 5);
  });

  test('a copy from the RAM of another machine has an address of its own', async () => {
    const copy = await boot('copy', { layer: keyOf('web ready') });
    assert.match(await inGuest(copy, 'ip -4 addr'), /inet 10\.40\.0\.13\/24/);
    assert.match(await inGuest(copy, 'cat /sys/class/net/eth1/address'), /52:54:00:00:01:03/);
    assert.match(await inGuest(copy, 'ping -c 1 -W 5 10.40.0.11'), /1 packets received/);
    await copy.close();
  });
});
