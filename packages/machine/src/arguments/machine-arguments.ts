import type { HostPlatform } from '@goqemu/core';
import type { QemuInstallation } from '../find/installation.ts';
import type { ArgumentContext, ResolvedMachineConfig } from './argument-context.ts';
import { channelArguments, monitorArguments } from './channel-arguments.ts';
import { hotplugPortArguments } from './device-arguments.ts';
import { displayArguments } from './display-arguments.ts';
import { driveArguments } from './drive-arguments.ts';
import { firmwareArguments } from './firmware-arguments.ts';
import { memoryArguments, memoryId } from './memory-arguments.ts';
import { networkArguments } from './network-arguments.ts';
import { optionText } from './option-text.ts';
import { peripheralArguments } from './peripheral-arguments.ts';
import { processorArguments } from './processor-arguments.ts';
import { sandboxArguments } from './sandbox-arguments.ts';

/**
 * The arguments of QEMU for a configuration: the same configuration gives the same arguments, here and nowhere else.
 * What an argument names by id comes before it, since QEMU reads them in order.
 *
 * @throws GoqemuError `feature-missing`, `machine-type-unknown`, `firmware-missing`
 */
export function machineArguments(
  config: ResolvedMachineConfig,
  installation: QemuInstallation,
  platform: HostPlatform,
): string[] {
  const context: ArgumentContext = { config, installation, platform };
  return [
    ...['-name', optionText(undefined, { guest: config.name })],
    ...['-uuid', config.uuid],
    '-no-user-config',
    ...(config.noDefaults ? ['-nodefaults'] : []),
    ...sandboxArguments(context),
    ...config.secrets.flatMap(({ id, path, format }) => [
      '-object',
      JSON.stringify({ 'qom-type': 'secret', id, file: path, format }),
    ]),
    ...memoryArguments(context),
    ...processorArguments(context, memoryId),
    ...monitorArguments(context),
    ...firmwareArguments(context),
    ...displayArguments(context),
    ...peripheralArguments(context),
    ...hotplugPortArguments(context),
    ...channelArguments(context),
    ...driveArguments(context),
    ...networkArguments(context),
    ...(config.incoming ? ['-incoming', config.incoming] : []),
    ...(config.startPaused ? ['-S'] : []),
    ...config.extraArguments,
  ];
}
