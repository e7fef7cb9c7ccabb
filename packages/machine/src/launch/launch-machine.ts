import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GoqemuError,
  type HostPlatform,
  hostPlatform,
  hostProcessTable,
  internalError,
  type Logger,
  type ProcessIdentity,
  type ProcessTable,
  sleep,
  withDeadline,
} from '@goqemu/core';
import type { QmpClient } from '@goqemu/protocol';
import type { ResolvedMachineConfig } from '../arguments/argument-context.ts';
import { machineArguments } from '../arguments/machine-arguments.ts';
import { versionedMachineType } from '../arguments/machine-type.ts';
import { cpuText } from '../arguments/processor-arguments.ts';
import { type MachineConfig, type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import { findQemu } from '../find/find-qemu.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { Machine } from '../machine/machine.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { lastWords } from '../process/last-words.ts';
import { signalProcess } from '../process/signal-process.ts';
import { unixSockets } from '../sockets/machine-sockets.ts';
import { removeRuntimeFiles } from '../sockets/remove-runtime-files.ts';
import { defaultRuntimeFolder, makeRuntimeFolder } from '../sockets/runtime-folder.ts';
import { openEndpoint } from '../sockets/turns.ts';
import { connectMonitor } from './connect-monitor.ts';
import { exitError } from './exit-cause.ts';
import { type SpawnedQemu, spawnQemu } from './spawn-qemu.ts';

export interface LaunchOptions {
  /** Found by the configuration's architecture unless given. */
  readonly installation?: QemuInstallation;
  readonly platform?: HostPlatform;
  readonly processes?: ProcessTable;
  /** Where probes of QEMU and of accelerators are kept. */
  readonly cacheFolder?: string;
  /** Milliseconds until QEMU must have answered on its monitor; 30 000 unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

/**
 * Starts QEMU and resolves when it answers. It runs on when this process ends, unless `ownerDies` says otherwise.
 *
 * @throws GoqemuError with the cause as its code when QEMU ends by itself (`image-locked`, `port-taken`, `bad-cpu`,
 *   `firmware-missing`, `accelerator-unavailable`, `ram-exhausted`, `permission-denied`, `file-missing`,
 *   `sandbox-violation`, `qemu-exited`), with QEMU's last words; `machine-already-running`; `timeout`; and what
 *   {@link parseMachineConfig}, {@link findQemu} and {@link machineArguments} throw
 * @example
 * await using machine = await launchMachine({ drives: [{ source: '/srv/web.qcow2' }] });
 */
export async function launchMachine(input: MachineConfigInput, options: LaunchOptions = {}): Promise<Machine> {
  const config = parseMachineConfig(input);
  const platform = options.platform ?? hostPlatform();
  const processes = options.processes ?? hostProcessTable();
  const { signal, logger } = options;
  const installation = options.installation ?? (await findQemu(findOptions(config, options, platform)));
  const resolved = await resolveConfig(config, platform);
  const argv = machineArguments(resolved, installation, platform);
  await makeRuntimeFolder(resolved.runtimeFolder, platform);
  await refuseSecond(resolved);
  const stderrLog = resolved.stderrLog ?? join(resolved.runtimeFolder, 'log');
  const qemu = await spawnQemu(installation.systemPath, argv, stderrLog);
  logger?.log('debug', 'machine', 'started QEMU', { machine: config.name, pid: qemu.pid, argv });
  try {
    const name = `starting machine "${config.name}"`;
    const { identity, qmp } = await withDeadline(name, options.timeoutMs ?? 30_000, signal, (inner) =>
      greet(resolved, qemu, stderrLog, processes, inner),
    );
    const record: MachineRecord = {
      ...identity,
      name: config.name,
      uuid: config.uuid,
      qemuPath: installation.systemPath,
      version: installation.version.text,
      sockets: resolved.sockets,
      runtimeFolder: resolved.runtimeFolder,
      ...(config.serialLog ? { serialLog: config.serialLog } : {}),
      stderrLog,
      accelerator: resolved.accelerator,
      machineType: versionedMachineType(config, installation),
      cpu: cpuText({ config: resolved, installation, platform }) ?? '',
    };
    const { exited, logOffset } = qemu;
    return new Machine({ record, qmp, processes, exited, logOffset, ...(logger ? { logger } : {}) });
  } catch (error) {
    await abandon(qemu, processes);
    await removeRuntimeFiles(resolved.runtimeFolder);
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

/** Fills in what depends on this host. */
async function resolveConfig(config: MachineConfig, platform: HostPlatform): Promise<ResolvedMachineConfig> {
  const runtimeFolder = config.runtimeFolder ?? defaultRuntimeFolder(config.uuid, platform);
  const accelerator = config.accelerator === 'auto' ? 'tcg' : config.accelerator;
  const sockets = unixSockets(runtimeFolder, { agent: config.guestAgent, console: true }, platform);
  return { ...config, accelerator, runtimeFolder, sockets };
}

/** A second QEMU on the same sockets would take them from the first without a word. */
async function refuseSecond({ sockets, name }: ResolvedMachineConfig): Promise<void> {
  const { control } = sockets;
  if (control.kind !== 'unix') return;
  if (!(await stat(control.path).catch(() => undefined))) return;
  const answered = await openEndpoint(control).then(
    async (transport) => {
      await transport.close();
      return true;
    },
    () => false, // left behind by one that is dead
  );
  if (!answered) return await rm(control.path, { force: true });
  throw new GoqemuError({
    code: 'machine-already-running',
    source: 'user',
    subject: name,
    message: `machine "${name}" is running already: something answers at ${control.path}`,
    hint: 'attach to it, or stop it first',
  });
}

/** Waits for the monitor, or for the end of a QEMU that could not start. */
async function greet(
  config: ResolvedMachineConfig,
  qemu: SpawnedQemu,
  logPath: string,
  processes: ProcessTable,
  signal: AbortSignal,
): Promise<{ identity: ProcessIdentity; qmp: QmpClient }> {
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const died = qemu.exited.then(async (exit) => {
    throw exitError(config.name, exit, await lastWords(logPath, qemu.logOffset), logPath);
  });
  died.catch(() => undefined); // after a good start it is the machine's wait that tells
  try {
    const [identity, qmp] = await Promise.race([
      died,
      Promise.all([processes.identify(qemu.pid), connectMonitor(config.sockets.control, either)]),
    ]);
    if (!identity) throw internalError(`process ${qemu.pid} answers but is not in the process table`);
    return { identity, qmp };
  } catch (error) {
    // QEMU closes its monitor a moment before it ends: what counts is why it did.
    if (!signal.aborted) await Promise.race([died, sleep(500)]);
    throw error;
  } finally {
    giveUp.abort();
  }
}

/** Ends a QEMU that did not come up; nothing of it may stay behind. */
async function abandon(qemu: SpawnedQemu, processes: ProcessTable): Promise<void> {
  const identity = await processes.identify(qemu.pid);
  if (identity && (await signalProcess(identity, 'SIGKILL', processes))) {
    await withDeadline('ending QEMU', 5000, undefined, () => qemu.exited);
  }
}
