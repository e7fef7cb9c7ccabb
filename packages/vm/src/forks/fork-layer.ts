import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { internalError } from '@goqemu/core';
import { type GuestSession, newMachineId } from '@goqemu/guest';
import { type Machine, qcow2Size } from '@goqemu/machine';
import { findFreePort } from '@goqemu/network';
import type { Layer } from '../layers/layer-store.ts';
import { createVm } from '../lifecycle/create-vm.ts';
import { deleteVm } from '../lifecycle/delete-vm.ts';
import { startVm } from '../lifecycle/start-vm.ts';
import { Vm, type VmScope } from '../vm/vm.ts';
import type { VmCall, VmHost } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';

export interface ForkOptions {
  /** How many; 1 unless given. */
  readonly count?: number;
  /** Names are this and a number; `fork` unless given. */
  readonly name?: string;
  /** Guest ports that are reachable on a loopback port of each fork's own, by name. */
  readonly forwards?: Readonly<Record<string, number>>;
}

/** A running copy of a machine as it was in a checkpoint; disposing of it leaves nothing of it behind. */
export class Fork implements AsyncDisposable {
  readonly vm: Vm;
  readonly session: GuestSession;
  readonly machine: Machine;

  constructor(vm: Vm, session: GuestSession, machine: Machine) {
    this.vm = vm;
    this.session = session;
    this.machine = machine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.machine.close();
    await deleteVm(this.vm, {});
  }
}

/** Forks that were made together and go together. */
export class Forks extends Array<Fork> implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled(this.map((fork) => fork[Symbol.asyncDispose]()));
    for (const folder of new Set(this.map(({ vm }) => vm.scope.labFolder)))
      await rm(folder, { recursive: true, force: true });
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/**
 * Makes running copies of a machine from a checkpoint of it. RAM pages are shared until a copy writes to them. Each has
 * loopback ports of its own, and an identity: host name, machine id, host key, instance id. (A network card keeps its
 * address until the next boot: each is alone on its network.)
 *
 * @throws GoqemuError `layer-missing`, `layer-damaged`, `no-memory`, and what starting throws; then no copy is left
 * @example
 * await using forks = await forkLayer(host, key, { count: 4 });
 */
export async function forkLayer(host: VmHost, key: string, options: ForkOptions, call: VmCall): Promise<Forks> {
  const layer = await host.layers.get(key);
  const count = options.count ?? 1;
  const { lineage } = layer.manifest.identity;
  const folder = join(host.folders.labs, `fork-${layer.manifest.id}-${randomBytes(4).toString('hex')}`);
  const scope: VmScope = { lineage, labFolder: folder };
  const ports = await freePorts(count * (1 + Object.keys(options.forwards ?? {}).length));
  const forks = new Forks();
  try {
    const specs: VmSpec[] = [];
    for (let index = 0; index < count; index++) specs.push(await specOf(layer, index, options, ports));
    const results = await Promise.allSettled(specs.map((spec) => start(host, scope, spec, key, call)));
    for (const result of results) if (result.status === 'fulfilled') forks.push(result.value);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return forks;
  } catch (error) {
    await forks[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start(host: VmHost, scope: VmScope, spec: VmSpec, key: string, call: VmCall): Promise<Fork> {
  const vm = new Vm(host, scope, spec);
  await createVm(vm, { layer: key }, call);
  const session = await vm.openSession();
  try {
    return new Fork(vm, session, await startVm(vm, session, call));
  } catch (error) {
    await session.close();
    await deleteVm(vm, {});
    throw error;
  }
}

/** The devices of the machine that was cut, and an identity that nobody has. */
async function specOf(
  { folder, manifest }: Layer,
  index: number,
  options: ForkOptions,
  ports: number[],
): Promise<VmSpec> {
  const { compatibility, identity } = manifest;
  const name = `${options.name ?? 'fork'}-${index + 1}`;
  const port = () => ports.shift() ?? 0;
  const disk = await qcow2Size(join(folder, manifest.disk.name));
  if (disk === undefined) throw internalError(`layer ${manifest.id} has a disk that is no qcow2 image`);
  const mac = randomBytes(3).toString('hex');
  return {
    name,
    arch: compatibility.arch as VmSpec['arch'],
    firmware: 'bios',
    accelerator: compatibility.accelerator === 'none' ? 'auto' : (compatibility.accelerator as VmSpec['accelerator']),
    memory: compatibility.memory,
    cpus: compatibility.cpus,
    disk,
    user: identity.user,
    identity: {
      hostname: name,
      instanceId: `i-${randomBytes(6).toString('hex')}`,
      mac: `52:54:00:${mac.slice(0, 2)}:${mac.slice(2, 4)}:${mac.slice(4, 6)}`,
      machineId: newMachineId(),
      sshPort: port(),
    },
    forwards: Object.fromEntries(
      Object.entries(options.forwards ?? {}).map(([forward, guest]) => [forward, { host: port(), guest }]),
    ),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}
