import type { FileLock } from '@goqemu/core';
import { type Architecture, toQemuArchitecture, withManual } from '@goqemu/spec';
import {
  createVm,
  observeVm,
  putForwards,
  readRecord,
  type StandaloneRecord,
  standaloneNames,
  standalonePlace,
  type VmCall,
  type VmHost,
  writeRecord,
} from '@goqemu/vm';
import { HeldVm } from '../held-vm.ts';
import type { CheckedConfig } from '../options/vm-config.ts';
import { unknownVm } from '../sdk-errors.ts';
import { choosePorts } from './choose-ports.ts';
import { refuseDifference } from './compare-record.ts';
import { lockVm } from './lock-vm.ts';
import { makeRecord, temporaryName } from './make-record.ts';
import { removeAbandoned } from './remove-standalone.ts';

/**
 * Takes hold of a VM: the one of this name, or a new one. One that runs is connected to.
 *
 * @throws GoqemuError `vm-in-use`, `vm-differs`, `no-ram-file-system`, and what images and networks throw
 */
export async function holdVm(host: VmHost, config: CheckedConfig, call: VmCall): Promise<HeldVm> {
  await removeAbandoned(host, call);
  const name = config.name ?? (await temporaryName(host));
  return withLock(host, name, async (lock) => {
    const present = await readRecord(host, name);
    if (present) refuseDifference(present, config.given);
    const record = present ?? (await newRecord(host, name, config, call));
    return hold(host, { record, lock }, config, call);
  });
}

/**
 * Takes hold of a VM that is there already.
 *
 * @throws GoqemuError `vm-unknown`, `vm-in-use`
 */
export async function holdPresentVm(host: VmHost, name: string, config: CheckedConfig, call: VmCall): Promise<HeldVm> {
  if (!(await readRecord(host, name))) throw unknownVm(name, await standaloneNames(host));
  return withLock(host, name, async (lock) => {
    const record = await readRecord(host, name);
    if (!record) throw unknownVm(name, await standaloneNames(host));
    return hold(host, { record, lock }, config, call);
  });
}

/** Makes the disk where there is none yet: after an interrupted first try, or one in RAM after the host's next start. */
export async function ensureDisk(held: HeldVm, call: VmCall): Promise<void> {
  const { host } = held.place;
  if ((await observeVm(held.vm, call)).status !== 'absent') return;
  const { path, format, shell, guestAgent } = await host.images.ensure(
    held.record.image,
    imageCall(held.record.spec.arch, call),
  );
  await createVm(held.vm, { image: path, format, shell, guestAgent }, call);
}

/** Ports that another program has taken meanwhile are replaced, unless they were requested. */
export async function refreshPorts(held: HeldVm): Promise<void> {
  const { record } = held;
  const { identity, forwards } = record.spec;
  const { host } = held.place;
  const ports = await choosePorts(host, record.name, record.forward, { sshPort: identity.sshPort, forwards });
  const wanted = withManual(ports.forwards, forwards);
  if (JSON.stringify([ports.sshPort, wanted]) === JSON.stringify([identity.sshPort, forwards])) return;
  await describe(held, { ...record.spec, identity: { ...identity, sshPort: ports.sshPort }, forwards: { ...wanted } });
}

async function describe(held: HeldVm, spec: StandaloneRecord['spec']): Promise<void> {
  const changed = { ...held.record, spec };
  await writeRecord(held.place.host, changed);
  held.describe(changed);
}

/** Changes what is forwarded manually, at once where the VM runs; what fails leaves it as it was. */
export async function describeForwards(
  held: HeldVm,
  forwards: StandaloneRecord['spec']['forwards'],
  call: VmCall,
): Promise<void> {
  const { spec } = held.record;
  await describe(held, { ...spec, forwards });
  if (!held.machine) return;
  try {
    await putForwards(held.vm, held.machine, call);
  } catch (error) {
    await describe(held, spec);
    throw error;
  }
}

async function newRecord(host: VmHost, name: string, config: CheckedConfig, call: VmCall): Promise<StandaloneRecord> {
  if (config.shape.snapshots === 'memory') await standalonePlace(host, name, 'memory'); // before anything is fetched
  const image = await host.images.ensure(config.shape.image, imageCall(config.shape.arch, call));
  const record = await makeRecord(host, { name, image }, config, call);
  await writeRecord(host, record);
  return record;
}

async function hold(
  host: VmHost,
  { record, lock }: { readonly record: StandaloneRecord; readonly lock: FileLock },
  config: CheckedConfig,
  call: VmCall,
): Promise<HeldVm> {
  const place = await standalonePlace(host, record.name, record.snapshots);
  const timeouts = { ...record.spec.timeouts, ...config.machineTimeouts };
  const held = new HeldVm(place, { ...record, spec: { ...record.spec, timeouts } }, lock, config.timeouts.connect);
  const { status } = await observeVm(held.vm, call);
  if (status === 'running' || status === 'paused') await held.attach(call);
  return held;
}

async function withLock(host: VmHost, name: string, work: (lock: FileLock) => Promise<HeldVm>): Promise<HeldVm> {
  const lock = await lockVm(host, name);
  try {
    return await work(lock);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

function imageCall(arch: Architecture, call: VmCall) {
  const { signal, onProgress } = call;
  return {
    arch: toQemuArchitecture(arch),
    ...(signal ? { signal } : {}),
    onProgress(progress: { readonly kind: string; readonly message?: string; readonly why?: string }) {
      if (progress.message) onProgress?.({ kind: 'notice', code: `image-${progress.kind}`, message: progress.message });
    },
  };
}
