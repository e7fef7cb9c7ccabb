import { GoqemuError } from '@goqemu/core';
import { mostCpus } from '@goqemu/spec';
import { configurationError } from '../configuration/invalid-configuration.ts';
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

/** Processors that the distributor of interrupts takes which `virt` has by default (GIC version 2). */
const fewCpus = 8;

/**
 * The interrupt controller for this many processors: QEMU 7.2 refuses more than 8 on `virt` with its default one.
 *
 * @throws GoqemuError `machine-config-invalid` for more processors than the machine type takes
 */
export function interruptController(
  { cpus }: Pick<MachineConfig, 'cpus'>,
  type: string,
  installation: QemuInstallation,
): 3 | undefined {
  const takes = installation.features.machines.find(({ name }) => name === type)?.maximumCpus;
  // QEMU says 288 of q35, and refuses more than 255 without a controller that only KVM has.
  const most = /^pc-q35-/.test(type) ? Math.min(takes ?? mostCpus, mostCpus) : takes;
  if (most !== undefined && cpus > most)
    throw configurationError([
      { path: ['cpus'], message: `expected at most ${most} for a machine of type ${type}`, input: cpus },
    ]);
  return cpus > fewCpus && /^virt(-|$)/.test(type) ? 3 : undefined;
}

/** The bus that devices are put on by slot; undefined where QEMU is left to place them. */
export function rootBus(machineType: string): 'pcie.0' | 'pci.0' | undefined {
  if (/^(pc-q35|q35|virt)(-|$)/.test(machineType)) return 'pcie.0';
  return /^(pc|pc-i440fx)(-|$)/.test(machineType) ? 'pci.0' : undefined;
}
