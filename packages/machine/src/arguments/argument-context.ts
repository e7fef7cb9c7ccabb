import { GoqemuError, type HostPlatform } from '@goqemu/core';
import type { Accelerator, MachineConfig } from '../configuration/machine-config.ts';
import type { QemuInstallation } from '../find/installation.ts';
import type { MachineSockets } from '../sockets/machine-sockets.ts';

/** A configuration in which nothing is left to choose: what `machineArguments` turns into an argv. */
export type ResolvedMachineConfig = Omit<MachineConfig, 'accelerator' | 'runtimeFolder'> & {
  readonly accelerator: Accelerator;
  readonly runtimeFolder: string;
  readonly sockets: MachineSockets;
};

export interface ArgumentContext {
  readonly config: ResolvedMachineConfig;
  readonly installation: QemuInstallation;
  readonly platform: HostPlatform;
}

/** The error of a wish that this build of QEMU cannot fulfil. */
export function featureMissing(what: string, installation: QemuInstallation, hint?: string): GoqemuError {
  return new GoqemuError({
    code: 'feature-missing',
    source: 'environment',
    subject: installation.systemPath,
    message: `${installation.systemPath} (${installation.version.text}) has no ${what}`,
    hint: hint ?? 'install the package of your distribution that adds it, or another QEMU',
  });
}
