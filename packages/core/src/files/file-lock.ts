import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep } from '../cancellation/sleep.ts';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { systemErrorCode } from '../errors/internal-error.ts';
import { hostProcessTable, isAlive, type ProcessIdentity, type ProcessTable } from '../process/process-identity.ts';
import { formatDuration } from '../units/duration.ts';

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
}

/** A held lock; release it with `await using`. */
export interface FileLock extends AsyncDisposable {
  readonly path: string;
}

/**
 * An advisory lock that is a file of its own. One whose owner is dead is taken over: its record is moved
 * aside by rename, which only one contender can win, and then the lock is created anew.
 *
 * @throws GoqemuError `locked` with the holder, its age and its command
 * @example
 * await using lock = await acquireFileLock('/tmp/state.lock', { command: 'goqemu apply' });
 */
export async function acquireFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  const processes = options.processes ?? hostProcessTable();
  const identity = await processes.identify(process.pid);
  if (!identity) throw new Error('this process cannot find itself in the process table');
  const holder: LockHolder = { identity, command: options.command, since: new Date().toISOString() };
  const record = `${JSON.stringify(holder)}\n`;
  await mkdir(dirname(path), { recursive: true });
  const deadline = Date.now() + (options.waitMs ?? 0);
  for (;;) {
    if (await tryCreate(path, record)) return { path, [Symbol.asyncDispose]: () => release(path, record) };
    const other = await readLockHolder(path);
    if (other === undefined || other === 'unreadable' || !(await isAlive(other.identity, processes))) {
      await breakLock(path, other);
      continue;
    }
    if (Date.now() >= deadline) throw lockedError(path, other);
    await sleep(50, options.signal);
  }
}

/** The holder on record; undefined when there is no lock file. */
export async function readLockHolder(path: string): Promise<LockHolder | 'unreadable' | undefined> {
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as LockHolder;
    return typeof parsed?.identity?.pid === 'number' ? parsed : 'unreadable';
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? undefined : 'unreadable';
  }
}

/** link(2) publishes a complete record in one step and fails when the lock exists. */
async function tryCreate(path: string, record: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(record);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function breakLock(path: string, seen: LockHolder | 'unreadable' | undefined): Promise<void> {
  if (seen === undefined) return;
  const before = await stat(path).catch(() => undefined);
  if (!before) return;
  const aside = `${path}.dead.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return; // another contender was first
    throw error;
  }
  const moved = await stat(aside);
  // Between the look and the rename a living contender may have taken the lock: give it back.
  if (moved.ino !== before.ino) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}

async function release(path: string, record: string): Promise<void> {
  const now = await readFile(path, 'utf8').catch(() => undefined);
  if (now === record) await unlink(path);
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
