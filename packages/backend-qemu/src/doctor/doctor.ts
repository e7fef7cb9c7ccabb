import { freemem, totalmem } from 'node:os';
import { formatByteSize, freeBytes, isGoqemuError } from '@goqemu/core';
import { checkBuildTools } from '@goqemu/image';
import type { DoctorFact } from '@goqemu/lab';
import { acceleratorReport, installedArchitectures, type QemuInstallation, runsNatively } from '@goqemu/machine';
import { hostArchitecture } from '@goqemu/spec';
import { hostRamStrategy, machineRamStrategy, type RamStrategy, type VmHost } from '@goqemu/vm';
import { foreignMachines } from '../footprints/foreign-machines.ts';
import { windowsFacts } from './windows-facts.ts';

/** Looks at everything that goqemu needs from this host. Read-only, but for a proof of the accelerator. */
export async function doctor(host: VmHost, signal?: AbortSignal): Promise<readonly DoctorFact[]> {
  const facts: DoctorFact[] = [];
  const installation = await host.installation(nativeArch(host), signal).catch((error: unknown) => {
    if (!isGoqemuError(error)) throw error;
    facts.push({ name: 'QEMU', status: 'error', finding: error.message, ...(error.hint ? { hint: error.hint } : {}) });
    return undefined;
  });
  if (installation)
    facts.push(
      ...qemuFacts(installation),
      ...(await acceleratorFacts(host, installation, signal)),
      await ramFact(host, installation, signal),
    );
  facts.push(
    ...(await emulationFacts(host)),
    memoryFact(),
    await roomFact(host),
    await buildFact(host),
    ...(await windowsFacts(host.platform, host.folders.home)),
    ...(await foreignMachines(host.folders.home)),
  );
  return facts;
}

function nativeArch(host: VmHost): string {
  return hostArchitecture(host.platform.arch);
}

function qemuFacts({ systemPath, imgPath, version }: QemuInstallation): DoctorFact[] {
  return [
    { name: 'QEMU', status: 'ok', finding: `${version.text} at ${systemPath}` },
    imgPath
      ? { name: 'qemu-img', status: 'ok', finding: imgPath }
      : {
          name: 'qemu-img',
          status: 'error',
          finding: 'not found',
          hint: 'on Debian and Ubuntu: apt-get install qemu-utils',
        },
  ];
}

async function acceleratorFacts(
  host: VmHost,
  installation: QemuInstallation,
  signal?: AbortSignal,
): Promise<DoctorFact[]> {
  const report = await acceleratorReport(installation, {
    cacheFolder: host.folders.cache,
    platform: host.platform,
    ...(signal ? { signal } : {}),
  });
  return report.map(({ accelerator, usable, reason, hint }) => ({
    name: `accelerator ${accelerator}`,
    status: usable ? ('ok' as const) : ('warning' as const),
    finding: reason,
    ...(hint ? { hint } : {}),
  }));
}

/** Guests of other architectures, which no accelerator of this processor runs. */
async function emulationFacts({ platform }: VmHost): Promise<DoctorFact[]> {
  const installed = await installedArchitectures(platform);
  const foreign = installed.filter((arch) => !runsNatively(arch, platform.arch));
  if (foreign.length === 0) return [];
  const finding = `${foreign.join(', ')}: under tcg, since this processor (${platform.arch}) does not run such guests`;
  return [{ name: 'other guests', status: 'ok', finding }];
}

const slowerHint =
  'restores are quicker on Linux, with a QEMU (4.0 or later) that has x-ignore-shared and RAM in memfd or in files';

const strategyHints: Readonly<Record<RamStrategy['kind'], string | undefined>> = {
  'copy-on-write': undefined,
  copy: 'restores are quicker where that is allowed: sysctl kernel.yama.ptrace_scope=0, and a QEMU of 2.11 or later',
  'mapped-ram': slowerHint,
  stream: slowerHint,
  disk: "with accelerator 'tcg' the RAM is kept too, and guests run slower",
};

/** How checkpoints keep RAM here. */
async function ramFact(host: VmHost, installation: QemuInstallation, signal?: AbortSignal): Promise<DoctorFact> {
  // WHPX, which keeps no RAM, is there on Windows alone.
  const { accelerator } =
    host.platform.system === 'win32'
      ? await host.accelerator('auto', nativeArch(host), signal)
      : { accelerator: 'tcg' as const };
  const strategy = await hostRamStrategy(host, installation);
  const { kind, reason } = machineRamStrategy(strategy, { firmware: 'bios', accelerator });
  const hint = strategyHints[kind];
  return {
    name: 'checkpoints',
    status: kind === 'disk' ? 'warning' : 'ok',
    finding: reason,
    ...(hint ? { hint } : {}),
  };
}

function memoryFact(): DoctorFact {
  return {
    name: 'memory',
    status: 'ok',
    finding: `${formatByteSize(freemem())} free of ${formatByteSize(totalmem())}`,
  };
}

async function roomFact(host: VmHost): Promise<DoctorFact> {
  const free = await freeBytes(host.folders.home);
  const low = free < 5e9;
  return {
    name: 'room',
    status: low ? 'warning' : 'ok',
    finding: `${formatByteSize(free)} free for ${host.folders.home}`,
    ...(low ? { hint: 'images and checkpoints take some gigabytes; GOQEMU_HOME puts them elsewhere' } : {}),
  };
}

/** Needed only where the publisher of the default image cannot be reached. */
async function buildFact(host: VmHost): Promise<DoctorFact> {
  const name = 'building debian-12';
  try {
    await checkBuildTools(host.platform.uid);
    return { name, status: 'ok', finding: 'possible where its publisher cannot be reached' };
  } catch (error) {
    if (!isGoqemuError(error)) throw error;
    return { name, status: 'warning', finding: error.message, ...(error.hint ? { hint: error.hint } : {}) };
  }
}
