import { win32 } from 'node:path';
import { systemErrorCode } from '../errors/internal-error.ts';
import { run } from './run-program.ts';

/** Asks Windows by a script; undefined on a host that has no PowerShell, or where it may not be run. */
export type AskWindows = (script: string) => Promise<string | undefined>;

/**
 * Runs a script in the PowerShell that Windows brings along, by `PATH` and then by its own folder, else in PowerShell 7.
 * A policy or an image of Windows without it is no failure of what is asked for the sake of certainty alone.
 */
export async function askPowerShell(
  script: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  const system = env.SystemRoot ?? env.SYSTEMROOT ?? 'C:\\Windows';
  const own = win32.join(system, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  for (const program of ['powershell.exe', own, 'pwsh.exe']) {
    try {
      return (await run(program, ['-NoProfile', '-NonInteractive', '-Command', script])).stdout;
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EPERM', 'UNKNOWN'].includes(systemErrorCode(error) ?? '')) throw error;
    }
  }
  return undefined;
}
