import { mayReadMemory, type QemuInstallation } from '@goqemu/machine';
import type { VmHost } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';

/** How checkpoints keep and restore RAM on a host, best first. */
export interface CheckpointRoad {
  readonly kind: 'copy-on-write' | 'copy' | 'disk';
  /** One sentence for people: what it means, and why it is not a better one. */
  readonly reason: string;
}

/** Looks at the host and its QEMU; nothing is started. */
export async function checkpointRoad(
  { platform }: Pick<VmHost, 'platform'>,
  { features, version }: QemuInstallation,
): Promise<CheckpointRoad> {
  const disk = (reason: string) => ({ kind: 'disk' as const, reason: `disk only, restoring boots: ${reason}` });
  if (platform.system !== 'linux') return disk('RAM can be reached from outside QEMU on Linux alone');
  if (!features.migrationCapabilities.includes('x-ignore-shared'))
    return disk(`QEMU ${version.text} cannot leave RAM out of a saved state (x-ignore-shared, since 4.0)`);
  if (!features.objects.includes('memory-backend-memfd'))
    return disk(`QEMU ${version.text} was built without memory-backend-memfd`);
  const copied = (reason: string) => ({
    kind: 'copy' as const,
    reason: `disk and RAM, copied at each restore: ${reason}`,
  });
  if (!features.commands.includes('xen-save-devices-state'))
    return copied(`QEMU ${version.text} has no xen-save-devices-state`);
  if (!(await mayReadMemory(platform)))
    return copied('this user may not read the memory of its own processes (kernel.yama.ptrace_scope)');
  return { kind: 'copy-on-write', reason: 'disk and RAM, restored copy-on-write' };
}

/** Why the checkpoints of this machine hold less than the host could keep; undefined when they do not. */
export function ramLimit({ firmware, accelerator }: Pick<VmSpec, 'firmware' | 'accelerator'>): string | undefined {
  if (firmware === 'uefi') return 'its UEFI variables are no part of a checkpoint, and RAM without them would not fit';
  if (accelerator === 'whpx') return 'WHPX cannot save the state of its processors';
  return undefined;
}
