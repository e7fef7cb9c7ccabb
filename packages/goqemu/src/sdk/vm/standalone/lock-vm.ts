import { acquireFileLock, type FileLock, hasErrorCode } from '@goqemu/core';
import { lockPath, type VmHost } from '@goqemu/vm';
import { inUse } from '../sdk-errors.ts';

/**
 * @throws GoqemuError `vm-in-use`
 */
export async function lockVm(host: VmHost, name: string): Promise<FileLock> {
  const path = lockPath(host, name);
  try {
    return await acquireFileLock(path, { command: programName() });
  } catch (error) {
    if (!hasErrorCode(error, 'locked')) throw error;
    throw inUse(name, { pid: Number(error.data.pid), command: String(error.data.command) });
  }
}

/** What this process is, for another that finds the lock. */
function programName(): string {
  return process.argv[1] ?? 'node';
}
