import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep } from '../cancellation/sleep.ts';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { systemErrorCode } from '../errors/internal-error.ts';
import {
  hostProcessTable,
  isAlive,
  ownSign,
  type ProcessIdentity,
  type ProcessTable,
} from '../process/process-identity.ts';
import { formatDuration } from '../units/duration.ts';
import { type FileOperations, hostFileOperations } from './file-operations.ts';
import { makeFolders } from './make-folders.ts';
import { parseJson } from './parse-json.ts';
import { type OwnFile, readOwnFile, readOwnText } from './read-own-file.ts';
import { isHeldError, removeFile, withPatience } from './remove-and-replace.ts';
import { moveFolderAside } from './rename-over.ts';
import { statIfThere } from './stat-if-there.ts';

/** What a lock file holds: who has it, since when, and what for. */
export interface LockHolder {
  readonly identity: ProcessIdentity;
  readonly command: string;
  readonly since: string;
}

export interface FileLockOptions {
  /** What the holder is doing, for the message of the one who waits. */
  readonly command: string;
  /** Milliseconds to wait for another holder; 0 (the default) leaves at once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  readonly processes?: ProcessTable;
  /** What removes and renames; injected in tests. */
  readonly files?: FileOperations;
}

/** A held lock; release it with `await using`. */
export interface FileLock extends AsyncDisposable {
  readonly path: string;
}

/**
 * An advisory lock that is a file of its own. One whose owner is dead is removed, by one contender at a time, and then
 * created again by the first to try.
 *
 * @throws GoqemuError `locked` with the holder, its age and its command
 * @example
 * await using lock = await acquireFileLock('/tmp/state.lock', { command: 'goqemu apply' });
 */
export async function acquireFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  const { processes = hostProcessTable(), files = hostFileOperations } = options;
  const identity = await ownSign(processes);
  const holder: LockHolder = { identity, command: options.command, since: new Date().toISOString() };
  const record = recordOf(holder);
  const deadline = Date.now() + (options.waitMs ?? 0);
  for (;;) {
    if (await withPatience(() => tryCreate(path, record, files), files))
      return { path, [Symbol.asyncDispose]: () => release(path, record, files) };
    const other = await readLockHolder(path, files);
    if (other === undefined) continue;
    if (other === 'damaged' || !(await isHeld(path, other, processes))) {
      await breakLock(path, { processes, files });
      continue;
    }
    if (Date.now() >= deadline) throw lockedError(path, other);
    await sleep(50, options.signal);
  }
}

/** Removes the lock of an owner who is dead, where no process is going to take it. */
export async function removeDeadLock(
  path: string,
  processes: ProcessTable = hostProcessTable(),
  files: FileOperations = hostFileOperations,
): Promise<void> {
  const holder = await readLockHolder(path, files);
  if (holder === undefined || (holder !== 'damaged' && (await isHeld(path, holder, processes)))) return;
  await breakLock(path, { processes, files });
}

/** By path, the records of locks that this process has let go, but that the host would not let it remove. */
const letGo = new Map<string, string>();

/** Not by one who is dead, and not by this process when all that is left of the lock is its file. */
async function isHeld(path: string, holder: LockHolder, processes: ProcessTable): Promise<boolean> {
  return letGo.get(path) !== recordOf(holder) && (await isAlive(holder.identity, processes));
}

function recordOf(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

/** The holder on record; undefined when there is no lock file, `damaged` when the host crashed while it was written
 * or something else is in its place. */
export async function readLockHolder(
  path: string,
  files: FileOperations = hostFileOperations,
): Promise<LockHolder | 'damaged' | undefined> {
  const file = await withPatience(async () => readable(path, files), files);
  if (file === undefined) return undefined;
  const parsed = 'text' in file ? (parseJson(file.text) as LockHolder | null | undefined) : undefined;
  return typeof parsed?.identity?.pid === 'number' ? parsed : 'damaged';
}

/**
 * A lock that is being removed while another program has it open (“delete pending” on Windows) can be neither read nor
 * replaced. That is no damage: its owner lives.
 */
function readable(path: string, { system }: FileOperations): OwnFile | undefined {
  const file = readOwnFile(path);
  if (file && 'damage' in file && isHeldError(file.cause, system)) throw file.cause;
  return file;
}

/**
 * link(2) publishes a complete record in one step and fails when the lock exists. Nothing is synced: a record that a
 * host crash has torn is damaged, and its owner dead. Five short calls, made at once: every status check of a machine
 * takes a lock, and turns through the pool of threads would take ten times as long.
 */
async function tryCreate(path: string, record: string, files: FileOperations): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = createDraft(draft);
  try {
    try {
      writeFileSync(file, record);
    } finally {
      closeSync(file);
    }
    files.linkNow(draft, path);
    letGo.delete(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await removeNow(draft, files);
  }
}

async function removeNow(path: string, files: FileOperations): Promise<void> {
  try {
    files.unlinkNow(path);
  } catch (error) {
    if (!isHeldError(error, files.system)) throw error;
    await removeFile(path, files);
  }
}

/** The folder is there nearly always: it is made when it turns out not to be. */
function createDraft(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    makeFolders(dirname(path));
    return openSync(path, 'wx', 0o600);
  }
}

/** Milliseconds after which a contender that was killed while it removed a dead lock no longer keeps others from it. */
const breakingMs = 10_000;

/** What a lock stands on. */
interface Host {
  readonly processes: ProcessTable;
  readonly files: FileOperations;
}

/**
 * Removes the lock of a dead owner. Contenders take turns and look again when it is theirs: what they saw before may
 * have been removed since, and the lock in its place be a living one's.
 */
async function breakLock(path: string, { processes, files }: Host): Promise<void> {
  const turn = `${path}.breaking`;
  try {
    await (await open(turn, 'wx', 0o600)).close();
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    const held = await statIfThere(turn);
    if (held && Date.now() - held.mtimeMs > breakingMs) await remove(turn, files);
    else await sleep(5);
    return;
  }
  try {
    const holder = await readLockHolder(path, files);
    if (holder === 'damaged' || (holder && !(await isHeld(path, holder, processes)))) await remove(path, files);
  } finally {
    await remove(turn, files);
  }
}

async function remove(path: string, files: FileOperations): Promise<void> {
  if (!(await moveFolderAside(path, files))) await removeNow(path, files).catch(unlessAbsent);
}

function unlessAbsent(error: unknown): void {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}

async function release(path: string, record: string, files: FileOperations): Promise<void> {
  if (readOwnText(path) !== record) return; // the folder may have been deleted
  try {
    await remove(path, files);
  } catch (error) {
    letGo.set(path, record); // this process lives on, and would keep itself and all others out
    throw error;
  }
}

function lockedError(path: string, holder: LockHolder): GoqemuError {
  const age = formatDuration(Math.max(0, Date.now() - Date.parse(holder.since)));
  return new GoqemuError({
    code: 'locked',
    source: 'environment',
    subject: path,
    message: `another goqemu holds the lock: process ${holder.identity.pid}, for ${age}, running "${holder.command}"`,
    hint: 'wait until it has finished, or end it; a lock whose owner is dead heals itself',
    data: { pid: holder.identity.pid, since: holder.since, command: holder.command },
  });
}
