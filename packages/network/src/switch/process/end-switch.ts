import { rmdir } from 'node:fs/promises';
import {
  type HostPlatform,
  hostPlatform,
  hostProcessTable,
  isAlive,
  type ProcessTable,
  removeAbandonedDrafts,
  removeFile,
  sleep,
  systemErrorCode,
  withDeadline,
} from '@goqemu/core';
import { SwitchClient } from '../control/switch-client.ts';
import { readSwitchRecord, type SwitchRecord, switchFiles } from './switch-files.ts';

export interface EndSwitchOptions {
  readonly folder: string;
  readonly uuid: string;
  readonly platform?: HostPlatform;
  readonly processes?: ProcessTable;
}

/** Milliseconds for each way to end it, from the gentlest on. */
const patienceMs = 3_000;

/** Ends the switch of this folder, when it runs; the next one continues with what was applied last. */
export async function stopSwitch(options: EndSwitchOptions): Promise<void> {
  const { folder, uuid, platform = hostPlatform(), processes = hostProcessTable() } = options;
  const record = readSwitchRecord(switchFiles(folder, uuid, platform).record);
  if (record?.uuid === uuid && (await isAlive(record, processes))) await endProcess(record, processes);
}

/**
 * Ends the switch of this folder, when it runs, and removes its files; the folder goes when nothing else is in it. A
 * process of another lab is left alone.
 */
export async function endSwitch(options: EndSwitchOptions): Promise<void> {
  const { folder, uuid, platform = hostPlatform(), processes = hostProcessTable() } = options;
  const files = switchFiles(folder, uuid, platform);
  const record = readSwitchRecord(files.record);
  if (record && record.uuid !== uuid) return;
  await stopSwitch({ folder, uuid, platform, processes });
  for (const path of [files.record, files.state, files.lock, files.log]) await removeFile(path);
  if (platform.system !== 'win32') await removeFile(files.control);
  await removeAbandonedDrafts(folder);
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  });
}

async function endProcess(record: SwitchRecord, processes: ProcessTable): Promise<void> {
  const ways = [
    async () => {
      await using client = await SwitchClient.connect({ path: record.control, uuid: record.uuid, timeoutMs: 2_000 });
      await client.shutdown();
    },
    () => kill(record, 'SIGTERM', processes),
    () => kill(record, 'SIGKILL', processes),
  ];
  for (const way of ways) {
    await way().catch(() => undefined); // the next way is tried
    if (await hasEnded(record, processes, patienceMs)) return;
  }
  await withDeadline('ending the switch', patienceMs, undefined, async (signal) => {
    while (await isAlive(record, processes)) await sleep(20, signal);
  });
}

async function kill(record: SwitchRecord, signal: NodeJS.Signals, processes: ProcessTable): Promise<void> {
  if (!(await isAlive(record, processes))) return;
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

async function hasEnded(record: SwitchRecord, processes: ProcessTable, milliseconds: number): Promise<boolean> {
  const begun = performance.now();
  while (await isAlive(record, processes)) {
    if (performance.now() - begun > milliseconds) return false;
    await sleep(10);
  }
  return true;
}
