import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goqemuHome, type HostPlatform, makeFolders, readIfThere } from '@goqemu/core';
import { FakeBackend, FakeHost, type FakeLayer, type FakeMachine, type FakeSwitch } from '@goqemu/testing';

interface KeptFakeHost {
  readonly switches?: readonly (readonly [string, FakeSwitch])[];
  readonly machines: readonly (readonly [string, FakeMachine])[];
  readonly layers: readonly (readonly [string, Omit<FakeLayer, 'owners'> & { readonly owners: readonly string[] }])[];
}

/**
 * The fake backend on machines and layers that outlive the command: they are kept in `fake-host.json` in goqemu's home.
 * It is written at each moment of each verb, so that a command that is killed leaves what a real one would.
 * One command at a time may act on it.
 */
export function openKeptFakeHost(platform: HostPlatform): FakeBackend {
  const file = join(goqemuHome(platform), 'fake-host.json');
  const host = readHost(file);
  return new FakeBackend({ host, fault: () => writeHost(file, host) });
}

function readHost(file: string): FakeHost {
  const host = new FakeHost();
  const text = readIfThere(file);
  if (text === undefined) return host;
  const { machines, layers, switches = [] } = JSON.parse(text) as KeptFakeHost;
  for (const [id, machine] of machines) host.machines.set(id, machine);
  for (const [key, layer] of layers) host.layers.set(key, { ...layer, owners: new Set(layer.owners) });
  for (const [id, one] of switches) host.switches.set(id, one);
  return host;
}

function writeHost(file: string, { machines, layers, switches }: FakeHost): void {
  const kept: KeptFakeHost = {
    machines: [...machines],
    switches: [...switches],
    layers: [...layers].map(([key, layer]) => [key, { ...layer, owners: [...layer.owners] }]),
  };
  makeFolders(dirname(file));
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(kept));
  renameSync(draft, file);
}
