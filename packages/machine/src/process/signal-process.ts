import { isAlive, type ProcessIdentity, type ProcessTable, systemErrorCode } from '@goqemu/core';

/**
 * Sends a signal to the very process that was identified, and to no other one that has its pid now.
 *
 * @returns false when it was gone
 */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  processes: ProcessTable,
): Promise<boolean> {
  if (!(await isAlive(identity, processes))) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    throw error;
  }
}
