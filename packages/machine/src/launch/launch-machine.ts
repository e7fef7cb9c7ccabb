import { join } from 'node:path';
import {
  type HostPlatform,
  hasErrorCode,
  hostPlatform,
  hostProcessTable,
  type ProcessTable,
  withDeadline,
} from '@goqemu/core';
import type { ResolvedMachineConfig } from '../arguments/argument-context.ts';
import { guestArguments } from '../arguments/guest-arguments.ts';
import { machineArguments } from '../arguments/machine-arguments.ts';
import { versionedMachineType } from '../arguments/machine-type.ts';
import { cpuText } from '../arguments/processor-arguments.ts';
import { type MachineConfig, type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import { findQemu } from '../find/find-qemu.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { Machine } from '../machine/machine.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { ownProcess } from '../process/owned-processes.ts';
import { signalProcess } from '../process/signal-process.ts';
import { refuseOtherFiles } from '../sockets/refuse-other-files.ts';
import { removeRuntimeFiles } from '../sockets/remove-runtime-files.ts';
import { hostRuntimeFolder, makeRuntimeFolder } from '../sockets/runtime-folder.ts';
import { type StartedSwtpm, startSwtpm } from '../tpm/start-swtpm.ts';
import { awaitMonitor } from './await-monitor.ts';
import type { LaunchOptions } from './launch-options.ts';
import { refuseHeldDisks } from './refuse-held-disks.ts';
import { refuseSecond } from './refuse-second.ts';
import { resolveConfig } from './resolve-config.ts';
import { type SpawnedQemu, spawnQemu } from './spawn-qemu.ts';

/**
 * Starts QEMU and resolves when it answers. It runs on when this process ends, unless `ownerDies` says otherwise.
 *
 * @throws GoqemuError with the cause as its code when QEMU ends by itself (`image-locked`, `port-taken`, `bad-cpu`,
 *   `firmware-missing`, `accelerator-unavailable`, `ram-exhausted`, `tpm-failed`, `storage-unreachable`,
 *   `network-unavailable`, `feature-missing`, `permission-denied`, `file-missing`, `sandbox-violation`,
 *   `qemu-exited`), with QEMU's last words; `swtpm-missing`; `machine-already-running`; `runtime-folder-taken`; `timeout`; and what
 *   {@link parseMachineConfig}, {@link findQemu} and {@link machineArguments} throw
 * @example
 * await using machine = await launchMachine({ drives: [{ source: '/srv/web.qcow2' }] });
 */
export async function launchMachine(
  input: MachineConfigInput | MachineConfig,
  options: LaunchOptions = {},
): Promise<Machine> {
  const config = parseMachineConfig(input);
  const platform = options.platform ?? hostPlatform();
  const installation = options.installation ?? (await findQemu(findOptions(config, options, platform)));
  const folder = config.runtimeFolder ?? (await hostRuntimeFolder(config.uuid, platform));
  await makeRuntimeFolder(folder, platform);
  await refuseOtherFiles(folder);
  await refuseSecond(config.name, folder, platform);
  await refuseHeldDisks(config);
  try {
    for (let attempt = 1; ; attempt++) {
      const resolved = await resolveConfig(config, { runtimeFolder: folder, installation, platform }, options);
      try {
        return await start(resolved, installation, options, platform);
      } catch (error) {
        // A loopback port that was free when it was chosen may be taken by now: others are chosen then.
        const again = resolved.sockets.control.kind === 'tls-psk' && hasErrorCode(error, 'port-taken') && attempt < 3;
        if (!again) throw error;
      }
    }
  } catch (error) {
    await removeRuntimeFiles(folder);
    throw error;
  }
}

function findOptions(config: MachineConfig, options: LaunchOptions, platform: HostPlatform) {
  return {
    arch: config.arch,
    platform,
    ...(options.cacheFolder ? { cacheFolder: options.cacheFolder } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  };
}

async function start(
  config: ResolvedMachineConfig,
  installation: QemuInstallation,
  options: LaunchOptions,
  platform: HostPlatform,
): Promise<Machine> {
  const processes = options.processes ?? hostProcessTable();
  const { signal, logger } = options;
  const argv = machineArguments(config, installation, platform);
  const stderrLog = config.stderrLog ?? join(config.runtimeFolder, 'log');
  await using tpm = await startTpm(config, stderrLog, platform, processes);
  const qemu = await spawnQemu(installation.systemPath, argv, stderrLog, tpm ? [tpm.wire] : []);
  try {
    logger?.log('debug', 'machine', 'started QEMU', { machine: config.name, pid: qemu.pid, argv });
    const starting = {
      name: config.name,
      control: config.sockets.control,
      qemu,
      logPath: stderrLog,
      processes,
      logger,
    };
    const { identity, qmp } = await withDeadline(
      `starting machine "${config.name}"`,
      options.timeoutMs ?? 30_000,
      signal,
      (inner) => awaitMonitor(starting, inner),
    );
    tpm?.handOver();
    if (config.ownerDies) ownProcess(identity, qemu.exited);
    const record: MachineRecord = {
      ...identity,
      name: config.name,
      uuid: config.uuid,
      qemuPath: installation.systemPath,
      version: installation.version.text,
      sockets: config.sockets,
      runtimeFolder: config.runtimeFolder,
      ...(config.serialLog ? { serialLog: config.serialLog } : {}),
      stderrLog,
      accelerator: config.accelerator,
      machineType: versionedMachineType(config, installation),
      cpu: cpuText({ config, installation, platform }) ?? '',
      guestArguments: guestArguments(argv),
    };
    const { exited, logOffset } = qemu;
    return new Machine({ record, qmp, processes, exited, logOffset, ...(logger ? { logger } : {}) });
  } catch (error) {
    await abandon(qemu, processes);
    throw error;
  }
}

async function startTpm(
  { tpm }: ResolvedMachineConfig,
  log: string,
  platform: HostPlatform,
  processes: ProcessTable,
): Promise<StartedSwtpm | undefined> {
  return tpm && 'state' in tpm ? await startSwtpm({ stateFolder: tpm.state, log, platform, processes }) : undefined;
}

/** Ends a QEMU that did not come up; nothing of it may stay behind. */
async function abandon(qemu: SpawnedQemu, processes: ProcessTable): Promise<void> {
  const identity = await processes.identify(qemu.pid);
  if (identity && (await signalProcess(identity, 'SIGKILL', processes))) {
    await withDeadline('ending QEMU', 5000, undefined, () => qemu.exited);
  }
}
