import { isAlive, readLockHolder } from '@goqemu/core';
import { layerId, lockPath, observeVm, readRecord, standalonePlace, Vm, type VmHost } from '@goqemu/vm';

/** What a VM is and does. */
export interface QemuVMStatus {
  /**
   * `suspended`: its RAM is on the disk, `reason` says why when that is lost; `absent`: never made, or deleted; `crashed`: its QEMU runs, its guest does not; `damaged`: its disk is gone.
   */
  readonly state: 'running' | 'paused' | 'stopped' | 'suspended' | 'crashed' | 'unresponsive' | 'absent' | 'damaged';
  /** Why, where it is not running. */
  readonly reason: string | undefined;
  /** Of its QEMU. */
  readonly pid: number | undefined;
  /** What it runs under: `kvm`, `tcg`, … */
  readonly accelerator: string | undefined;
  /** How it is connected, and why so. */
  readonly network: { readonly kind: 'user' | 'passt' | 'bridge' | 'vmnet'; readonly reason: string } | undefined;
  /** Ports of 127.0.0.1 by the names of `forward`. */
  readonly forwards: Readonly<Record<string, number>>;
  /** Id of the snapshot that its disk stands on. */
  readonly snapshot: string | undefined;
  /** Process that drives it. */
  readonly heldBy: number | undefined;
}

/** Looks at a VM without changing anything. */
export async function standaloneStatus(
  host: VmHost,
  name: string | undefined,
  options: { readonly signal?: AbortSignal },
): Promise<QemuVMStatus> {
  const record = name === undefined ? undefined : await readRecord(host, name);
  if (!record) return { ...nothing, state: 'absent' };
  const place = await standalonePlace(host, record.name, record.snapshots);
  const found = await observeVm(new Vm(place.host, place.scope, record.spec), options);
  const holder = await readLockHolder(lockPath(host, record.name));
  const isHeld = holder !== undefined && holder !== 'damaged' && (await isAlive(holder.identity));
  return {
    state: found.status,
    reason: found.reason,
    pid: found.pid,
    accelerator: found.accelerator,
    network: { kind: record.spec.network.kind, reason: record.networkReason },
    forwards: Object.fromEntries(Object.entries(record.spec.forwards).map(([label, { host: port }]) => [label, port])),
    snapshot: found.layer === undefined ? undefined : layerId(found.layer),
    heldBy: isHeld ? holder.identity.pid : undefined,
  };
}

/** The VM of this name as it is on this host, for looking at. */
export async function standaloneVm(host: VmHost, name: string | undefined): Promise<Vm | undefined> {
  const record = name === undefined ? undefined : await readRecord(host, name);
  if (!record) return undefined;
  const place = await standalonePlace(host, record.name, record.snapshots);
  return new Vm(place.host, place.scope, record.spec);
}

const nothing = {
  reason: undefined,
  pid: undefined,
  accelerator: undefined,
  network: undefined,
  forwards: {},
  snapshot: undefined,
  heldBy: undefined,
} as const;
