import { GoqemuError } from '@goqemu/core';
import type { MachineConfig } from '../configuration/machine-config.ts';
import { architectureDefaults } from '../find/architecture.ts';
import type { QemuInstallation } from '../find/installation.ts';

/**
 * The versioned name of the machine type: `q35` becomes `pc-q35-7.2`, so that a state saved today fits
 * a machine that is started after an update of QEMU.
 *
 * @throws GoqemuError `machine-type-unknown`
 */
export function versionedMachineType(
  config: Pick<MachineConfig, 'arch' | 'machineType'>,
  installation: QemuInstallation,
): string {
  const wanted = config.machineType ?? architectureDefaults(config.arch).machineType;
  const { machines } = installation.features;
  const found = machines.find((machine) => machine.name === wanted || machine.alias === wanted);
  if (found) return found.name;
  throw new GoqemuError({
    code: 'machine-type-unknown',
    source: 'user',
    subject: 'machineType',
    message: `machineType: expected a machine of ${installation.systemPath} (${installation.version.text}), got "${wanted}"`,
    hint: `write one of ${machines.map((machine) => machine.alias ?? machine.name).join(', ')}`,
  });
}

/** The bus that devices are put on by slot; undefined where QEMU is left to place them. */
export function rootBus(machineType: string): 'pcie.0' | 'pci.0' | undefined {
  if (/^(pc-q35|q35|virt)(-|$)/.test(machineType)) return 'pcie.0';
  return /^(pc|pc-i440fx)(-|$)/.test(machineType) ? 'pci.0' : undefined;
}
