import { spawn } from 'node:child_process';
import { lstat, open, readFile } from 'node:fs/promises';
import {
  errorMessage,
  GoqemuError,
  type HostPlatform,
  hostPlatform,
  hostProcessTable,
  isAlive,
  lastingEnvironment,
  makeFolders,
  type ProcessTable,
  sleep,
  withDeadline,
} from '@goqemu/core';
import { SwitchClient } from '../control/switch-client.ts';
import { readSwitchRecord, type SwitchFiles, type SwitchRecord, switchFiles } from './switch-files.ts';

export interface StartSwitchOptions {
  /** A folder for this switch alone, with access for its owner alone; it is made when it is not there. */
  readonly folder: string;
  /** By which the switch of this lab, or of this fork, is known from others. */
  readonly uuid: string;
  /** The program with the words before the folder: Node.js and the file of `switch-main`. */
  readonly program: readonly [path: string, ...args: string[]];
  /** Last word of its command line: by it, the process is found when nothing else knows of it. */
  readonly label?: string;
  readonly platform?: HostPlatform;
  readonly processes?: ProcessTable;
  /** Milliseconds until it must answer. @default 20_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The switch that runs in a folder; undefined when it has ended, or when another one's files are there. */
export async function findSwitch(
  folder: string,
  uuid: string,
  {
    platform = hostPlatform(),
    processes = hostProcessTable(),
  }: Pick<StartSwitchOptions, 'platform' | 'processes'> = {},
): Promise<SwitchRecord | undefined> {
  const record = readSwitchRecord(switchFiles(folder, uuid, platform).record);
  return record?.uuid === uuid && (await isAlive(record, processes)) ? record : undefined;
}

/**
 * Starts the process of a switch, unless it runs already, and settles when it answers. It has a session of its own and
 * outlives this process; it continues with what was last applied in its folder.
 *
 * @throws GoqemuError `switch-failed` with its last words, `runtime-folder-unsafe`; `timeout`
 */
export async function startSwitch(options: StartSwitchOptions): Promise<SwitchRecord> {
  const { folder, uuid, platform = hostPlatform(), processes = hostProcessTable(), timeoutMs = 20_000 } = options;
  const running = await findSwitch(folder, uuid, { platform, processes });
  if (running) return running;
  const files = switchFiles(folder, uuid, platform);
  await makeFolder(folder, platform);
  const spawned = await spawnSwitch(options, files);
  return await withDeadline('starting the switch', timeoutMs, options.signal, async (signal) => {
    for (;;) {
      const record = await findSwitch(folder, uuid, { platform, processes });
      if (record && (await answers(record))) {
        // One that runs has made its record again. This one waits for its place, and would end by a gentler signal once it has it.
        if (record.pid !== spawned.pid) spawned.end();
        return record;
      }
      const how = spawned.ended();
      if (how !== undefined) throw await switchFailed(how, files.log);
      await sleep(10, signal);
    }
  });
}

interface SpawnedSwitch {
  readonly pid: number | undefined;
  /** How it ended; undefined while it runs. */
  ended(): string | undefined;
  end(): void;
}

/** Spawns it with its output in its log. */
async function spawnSwitch(
  { program, folder, uuid, label }: StartSwitchOptions,
  files: SwitchFiles,
): Promise<SpawnedSwitch> {
  const log = await open(files.log, 'a', 0o600);
  let how: string | undefined;
  try {
    const [path, ...args] = program;
    const child = spawn(path, [...args, folder, uuid, ...(label === undefined ? [] : [label])], {
      detached: true,
      windowsHide: true,
      env: lastingEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
    });
    child.once('error', (error) => {
      how = errorMessage(error);
    });
    child.once('exit', (code, signal) => {
      how ??= code === null ? `it was ended by ${signal}` : `it ended with ${code}`;
    });
    child.unref();
    return { pid: child.pid, ended: () => how, end: () => void child.kill('SIGKILL') };
  } finally {
    await log.close();
  }
}

async function answers({ control, uuid }: SwitchRecord): Promise<boolean> {
  try {
    await using client = await SwitchClient.connect({ path: control, uuid, timeoutMs: 1_000 });
    return client.identity.uuid === uuid;
  } catch {
    return false; // it is asked again until the time is up
  }
}

/** @throws GoqemuError `runtime-folder-unsafe` for a folder that others may enter, or that is another user's */
async function makeFolder(folder: string, { uid }: HostPlatform): Promise<void> {
  makeFolders(folder, { mode: 0o700 });
  if (uid === undefined) return; // Windows: the user's own folder is private by its access list
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return;
  throw new GoqemuError({
    code: 'runtime-folder-unsafe',
    source: 'environment',
    subject: folder,
    message: `${folder} is not a folder of this user's own (owner ${found.uid}, mode ${(found.mode & 0o7777).toString(8)})`,
    hint: 'remove it; it holds the socket that controls the networks of the lab',
  });
}

async function switchFailed(how: string, log: string): Promise<GoqemuError> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return new GoqemuError({
    code: 'switch-failed',
    source: 'environment',
    message: `the switch of the lab did not start: ${how}`,
    detail: text.trim().split('\n').slice(-8).join('\n') || 'it wrote nothing',
    hint: `look at ${log}`,
  });
}
