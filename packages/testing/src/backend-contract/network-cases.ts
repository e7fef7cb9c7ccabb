import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { MachineSpec, NetworkConfiguration } from '@goqemu/lab';
import { type CardIdentity, cardMac, type NetworkSpec } from '@goqemu/spec';
import type { ContractBench } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';

const lan: NetworkSpec = { name: 'contract-lan', cidr: '10.213.7.0/24', mtu: 1500 };
const dmz: NetworkSpec = { name: 'contract-dmz', cidr: '10.213.8.0/28', cidr6: 'fd00:213:8::/64', mtu: 1400 };

/** Networks come up, change while the machine runs, and leave nothing behind. A table, each case of which follows those before. */
export function networkCases(bench: ContractBench): readonly ContractCase[] {
  const { backend, call, spec } = bench;
  if (!backend.capabilities.networks) return [];
  const card = (network: NetworkSpec, slot: number, ip: string): CardIdentity => ({
    ...{ name: network.name, network: network.name, slot, mac: cardMac(spec.identity.mac, slot), ip },
    prefix: Number(network.cidr.split('/')[1]),
  });
  const cards = [card(lan, 0, '10.213.7.10'), card(dmz, 1, '10.213.8.2')];
  const wanted = (networks: readonly NetworkSpec[], own = cards.slice(0, networks.length)): NetworkConfiguration => ({
    networks,
    machines:
      own.length === 0
        ? []
        : [{ name: spec.name, hostname: spec.identity.hostname, aliases: ['contract-alias'], cards: own }],
  });
  const states = async () => Object.fromEntries((await backend.observeNetworks?.(call)) ?? []);
  const apply = (configuration: NetworkConfiguration) => backend.applyNetworks?.(configuration, call);
  return [
    {
      name: 'networks that were never made are absent, and removing them is no error',
      async run() {
        await backend.removeNetworks?.(call);
        assert.deepEqual(await states(), {});
      },
    },
    {
      name: 'ranges that are taken have an address, a length and a holder',
      async run() {
        for (const { cidr, holder } of (await backend.hostRoutes?.(call)) ?? []) {
          assert.match(cidr, /^\d+(\.\d+){3}\/([1-9]|[12]\d|3[0-2])$/);
          assert.ok(holder);
        }
      },
    },
    {
      name: 'a network runs once it is applied, and applying it again changes nothing',
      async run() {
        for (let round = 0; round < 2; round++) {
          await apply(wanted([lan], []));
          assert.deepEqual(await states(), { [lan.name]: { status: 'running' } });
        }
      },
    },
    {
      name: 'a machine that runs joins networks, which may be more or fewer afterwards, and runs on',
      async run() {
        const before = (await bench.observe())?.instance;
        for (const networks of [[lan, dmz], [lan]]) {
          await apply(wanted(networks));
          assert.deepEqual(Object.keys(await states()).sort(), networks.map(({ name }) => name).sort());
          const { identity, ...rest } = spec;
          const joined: MachineSpec = {
            ...rest,
            networks: networks.map(({ name }) => name),
            identity: { ...identity, cards: cards.slice(0, networks.length) },
          };
          bench.record = (await backend.joinNetworks?.(joined, bench.record, call)) ?? bench.record;
        }
        bench.record = (await backend.joinNetworks?.(spec, bench.record, call)) ?? bench.record;
        assert.equal((await bench.observe())?.instance, before);
      },
    },
    {
      name: 'machines are held while they are restored, also twice, and by those of no network nothing is held',
      async run() {
        await apply(wanted([lan]));
        {
          await using _one = await backend.holdMachines?.([spec.name, 'contract-of-no-network'], call);
          await using _two = await backend.holdMachines?.([spec.name], call);
          assert.deepEqual(await states(), { [lan.name]: { status: 'running' } });
        }
        await apply(wanted([lan], []));
      },
    },
    {
      name: 'faults are set in the place of those of the specification, outlive an apply, and end',
      async run() {
        const faulty: NetworkSpec = { ...lan, faults: { latency: 1 } };
        await apply(wanted([faulty]));
        const view = async () =>
          (await backend.viewNetworks?.(call))?.map(({ name, faults, manual }) => [name, faults, manual]);
        assert.deepEqual(await view(), [[lan.name, { latency: 1 }, false]]);
        const faults = {
          loss: 0.5,
          partition: [[spec.name]],
          machines: { [spec.name]: { to: { rate: 1000 }, cable: false } },
        };
        await backend.setFaults?.({ [lan.name]: faults }, call);
        assert.deepEqual(await view(), [[lan.name, faults, true]]);
        await apply(wanted([{ ...faulty, faults: { latency: 2 } }]));
        assert.deepEqual(await view(), [[lan.name, faults, true]]);
        await backend.setFaults?.({ [lan.name]: null }, call);
        assert.deepEqual(await view(), [[lan.name, { latency: 2 }, false]]);
        await assert.rejects(async () => backend.setFaults?.({ 'contract-none': {} }, call), { code: 'network-down' });
        await apply(wanted([lan]));
        assert.deepEqual(await view(), [[lan.name, {}, false]]);
      },
    },
    {
      name: 'networks that are stopped run again once they are applied, with the faults that were set',
      async run() {
        await backend.setFaults?.({ [lan.name]: { loss: 0.25 } }, call);
        await apply(wanted([lan], [])); // the machine of the contract runs
        for (let round = 0; round < 2; round++) {
          await backend.stopNetworks?.(call);
          assert.notEqual((await states())[lan.name]?.status, 'running');
          assert.deepEqual(await backend.viewNetworks?.(call), []);
        }
        await apply(wanted([lan], []));
        assert.deepEqual(
          (await backend.viewNetworks?.(call))?.map(({ faults, manual }) => [faults, manual]),
          [[{ loss: 0.25 }, true]],
        );
        await backend.setFaults?.({ [lan.name]: null }, call);
      },
    },
    {
      name: 'cards are counted, and frames are captured as pcapng until the reader ends',
      async run() {
        await apply(wanted([lan]));
        const [view] = (await backend.viewNetworks?.(call)) ?? [];
        assert.deepEqual(
          view?.cards.map(({ machine, slot }) => [machine, slot]),
          [[spec.name, 0]],
        );
        for (const of of [{ network: lan.name }, { machine: spec.name }, { machine: spec.name, slot: 0 }]) {
          const frames = await backend.captureFrames?.(of, call);
          if (!frames) assert.fail('there is no capture');
          const [first] = (await once(frames, 'data')) as [Buffer];
          assert.equal(first.readUInt32BE(0), 0x0a0d0d0a);
          frames.destroy();
        }
        await apply(wanted([lan], []));
      },
    },
    {
      name: 'networks of another stack are not those of this one',
      async run() {
        const other = { ...call, scope: { ...call.scope, stack: 'other', lineage: '00c0ffee00c1' } };
        assert.deepEqual([...((await backend.observeNetworks?.(other)) ?? [])], []);
        await backend.applyNetworks?.(wanted([dmz], []), other);
        assert.deepEqual(Object.keys(await states()), [lan.name]);
        await backend.removeNetworks?.(other);
        assert.deepEqual(await states(), { [lan.name]: { status: 'running' } });
      },
    },
    {
      name: 'networks that were removed are absent',
      async run() {
        await backend.removeNetworks?.(call);
        assert.deepEqual(await states(), {});
      },
    },
  ];
}
