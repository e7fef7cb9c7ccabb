import { acceleratorText } from '../accelerators/accelerator-text.ts';
import { architectureDefaults, runsNatively } from '../find/architecture.ts';
import type { ArgumentContext } from './argument-context.ts';
import { interruptController, versionedMachineType } from './machine-type.ts';
import { optionText } from './option-text.ts';

/** `-machine`, `-accel`, `-cpu`, `-smp`. */
export function processorArguments(context: ArgumentContext, memoryId: string): string[] {
  const { config, installation } = context;
  const cpu = cpuText(context);
  const type = versionedMachineType(config, installation);
  const uefi = config.firmware.kind === 'uefi' ? config.firmware : undefined;
  const machine = optionText(type, {
    'memory-backend': memoryId,
    pflash0: uefi ? 'firmware-code' : undefined,
    pflash1: uefi?.variables ? 'firmware-variables' : undefined,
    'gic-version': interruptController(config, type, installation),
    // No disk on it, no controller: the firmware and the kernel need not wait for its ports.
    sata: /^pc-q35/.test(type) && !usesSata(context) ? false : undefined,
  });
  return [
    ...['-machine', machine],
    // Multi-threaded tcg is QEMU's own default where the host's memory model allows it; forcing it elsewhere is wrong.
    ...['-accel', acceleratorText(config.accelerator, installation, context.platform)],
    ...(cpu ? ['-cpu', cpu] : []),
    ...['-smp', optionText(undefined, { cpus: config.cpus, ...config.topology })],
  ];
}

/** The model and its features as `-cpu` takes them; undefined leaves the model to the machine type. */
export function cpuText(context: ArgumentContext): string | undefined {
  const { config, platform } = context;
  const hardware = config.accelerator !== 'tcg' && runsNatively(config.arch, platform.arch);
  // WHPX hangs with -cpu max in UEFI firmware, and has no host model.
  const native = config.accelerator === 'whpx' ? undefined : 'host';
  const model = config.cpu.model ?? (hardware ? native : architectureDefaults(config.arch).cpu);
  const features = Object.entries(config.cpu.features);
  if (model === undefined && features.length === 0) return undefined;
  return optionText(model ?? 'max', Object.fromEntries(features));
}

function usesSata({ config }: ArgumentContext): boolean {
  return (
    config.drives.some((drive) => drive.interface === 'sata') ||
    config.cdroms.some((cdrom) => cdrom.interface === 'auto' || cdrom.interface === 'sata')
  );
}
