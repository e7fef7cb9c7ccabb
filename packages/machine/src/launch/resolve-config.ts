import type { HostPlatform } from '@goqemu/core';
import { chooseAccelerator } from '../accelerators/choose-accelerator.ts';
import type { ResolvedMachineConfig } from '../arguments/argument-context.ts';
import type { MachineConfig } from '../configuration/machine-config.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { LoopbackPorts } from '../sockets/loopback-ports.ts';
import { unixSockets } from '../sockets/machine-sockets.ts';
import { publishedPorts } from '../sockets/published-ports.ts';
import { tlsSockets } from '../sockets/tls-sockets.ts';
import type { LaunchOptions } from './launch-options.ts';
import { resolveFirmware } from './uefi-firmware.ts';

/** Where a machine is launched, and by which QEMU. */
export interface LaunchPlace {
  readonly runtimeFolder: string;
  readonly installation: QemuInstallation;
  readonly platform: HostPlatform;
}

/** Fills in what depends on this host: accelerator, firmware files, sockets. The runtime folder must be there. */
export async function resolveConfig(
  config: MachineConfig,
  { runtimeFolder, installation, platform }: LaunchPlace,
  options: LaunchOptions,
): Promise<ResolvedMachineConfig> {
  const { cacheFolder, processes, signal, logger } = options;
  const { accelerator, notices } = await chooseAccelerator(config.accelerator, installation, {
    platform,
    ...(config.cpu.model ? { cpu: config.cpu.model } : {}),
    ...(cacheFolder ? { cacheFolder } : {}),
    ...(processes ? { processes } : {}),
    ...(signal ? { signal } : {}),
  });
  for (const notice of notices) logger?.log('warn', 'machine', notice, { machine: config.name });
  const firmware = await resolveFirmware(config, installation, signal);
  return { ...config, accelerator, firmware, runtimeFolder, ...(await chooseSockets(config, runtimeFolder, platform)) };
}

/** Node opens no Unix sockets on Windows. */
async function chooseSockets(
  config: MachineConfig,
  folder: string,
  platform: HostPlatform,
): Promise<Pick<ResolvedMachineConfig, 'sockets' | 'networks'>> {
  const wanted = { agent: config.guestAgent, standby: config.standbyPort, console: true };
  await using ports = new LoopbackPorts();
  const networks = await publishedPorts(config.networks, ports);
  const sockets =
    platform.system === 'win32' ? await tlsSockets(folder, wanted, ports) : unixSockets(folder, wanted, platform);
  return { sockets, networks };
}
