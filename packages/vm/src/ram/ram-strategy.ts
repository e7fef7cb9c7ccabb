import { isQemuAtLeast, mayReadMemory, type QemuInstallation } from '@goqemu/machine';
import type { VmHost } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';

/** How checkpoints keep and restore RAM on a host, best first. */
export interface RamStrategy {
  /**
   * `copy-on-write` and `copy`: the RAM is a file that is reached from outside QEMU. `mapped-ram` and `stream`: QEMU
   * writes it and reads it, while the guest stands still. `disk`: it is not kept.
   */
  readonly kind: 'copy-on-write' | 'copy' | 'mapped-ram' | 'stream' | 'disk';
  /** One human-readable sentence: what it means, and why it is not a better one. */
  readonly reason: string;
}

/**
 * Whether a cut takes the RAM along. Where QEMU writes and reads all of it itself, the guest stands still for as long as
 * that takes: a checkpoint that has a name is worth it, a step is not, and going back to one boots.
 */
export function takesRam({ kind }: RamStrategy, cut: { readonly isNamed: boolean }): boolean {
  if (kind === 'disk') return false;
  return cut.isNamed || kind === 'copy-on-write' || kind === 'copy';
}

/** Looks at the host and its QEMU; nothing is started. */
export async function hostRamStrategy(
  host: Pick<VmHost, 'platform'>,
  installation: QemuInstallation,
): Promise<RamStrategy> {
  const obstacle = ramFileObstacle(host, installation);
  if (obstacle !== undefined) return wholeRamStrategy(host, installation, obstacle);
  const { features, version } = installation;
  const copied = (reason: string) => ({
    kind: 'copy' as const,
    reason: `disk and RAM, copied at each restore: ${reason}`,
  });
  if (!features.commands.includes('xen-save-devices-state'))
    return copied(`QEMU ${version.text} has no xen-save-devices-state`);
  if (!(await mayReadMemory(host.platform)))
    return copied('this user may not read the memory of its own processes (kernel.yama.ptrace_scope)');
  return { kind: 'copy-on-write', reason: 'disk and RAM, restored copy-on-write' };
}

const onlyNamed = 'disk and, where they have a name, RAM, which';

/** The strategy of a machine whose RAM is not reached from outside QEMU, for this reason. */
export function wholeRamStrategy(
  { platform }: Pick<VmHost, 'platform'>,
  { features }: QemuInstallation,
  reason: string,
): RamStrategy & { readonly kind: 'mapped-ram' | 'stream' } {
  // QEMU writes such files at given offsets (pwritev), which its builds for Windows cannot.
  const mapped = platform.system !== 'win32' && features.migrationCapabilities.includes('mapped-ram');
  return mapped
    ? { kind: 'mapped-ram', reason: `${onlyNamed} QEMU writes and reads whole (mapped-ram): ${reason}` }
    : { kind: 'stream', reason: `${onlyNamed} is streamed out of QEMU and back: ${reason}` };
}

/** Why RAM cannot be a file that goqemu and QEMU share; undefined where it can. */
export function ramFileObstacle(
  { platform }: Pick<VmHost, 'platform'>,
  { features, version }: QemuInstallation,
): string | undefined {
  if (platform.system !== 'linux') return 'RAM can be reached from outside QEMU on Linux alone';
  if (!features.migrationCapabilities.includes('x-ignore-shared'))
    return `QEMU ${version.text} cannot leave RAM out of a saved state (x-ignore-shared, since 4.0)`;
  // From 8.1 on only RAM with a path is left out, see `bootMemory`.
  const backend = isQemuAtLeast(version, 8, 1) ? 'memory-backend-file' : 'memory-backend-memfd';
  return features.objects.includes(backend) ? undefined : `QEMU ${version.text} was built without ${backend}`;
}

/** The strategy of one machine, where that is another than its host's. */
export function machineRamStrategy(
  strategy: RamStrategy,
  { firmware, accelerator }: Pick<VmSpec, 'firmware' | 'accelerator'>,
): RamStrategy {
  if (accelerator === 'whpx')
    return { kind: 'disk', reason: 'disk only, restoring boots: WHPX cannot save the state of its processors' };
  if (firmware === 'uefi' && strategy.kind === 'copy-on-write')
    return {
      kind: 'copy',
      reason:
        'disk, UEFI variables and RAM, copied at each restore: QEMU has the variables in RAM that guests write to',
    };
  return strategy;
}
