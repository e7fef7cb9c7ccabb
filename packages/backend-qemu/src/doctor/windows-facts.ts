import { win32 } from 'node:path';
import { askPowerShell, type HostPlatform } from '@goqemu/core';
import type { DoctorFact } from '@goqemu/lab';
import { pathFact } from '../host/moved-folders.ts';

/** Characters of a path that many programs of Windows take (MAX_PATH), and those that goqemu needs below its folder. */
const longestPath = 259;
const below = 110;

/** What is asked; injected in tests. */
export interface WindowsQuestions {
  readonly ask?: typeof askPowerShell;
}

/** What matters on Windows alone: none elsewhere. */
export async function windowsFacts(
  platform: HostPlatform,
  home: string,
  { ask = askPowerShell }: WindowsQuestions = {},
): Promise<readonly DoctorFact[]> {
  if (platform.system !== 'win32') return [];
  return [await shellFact(ask), pathFact(platform), placeFact(platform, home), lengthFact(home), scannerFact(home)];
}

async function shellFact(ask: typeof askPowerShell): Promise<DoctorFact> {
  const version = (await ask('"$($PSVersionTable.PSVersion)"').catch(() => undefined))?.trim();
  if (version) return { name: 'PowerShell', status: 'ok', finding: version };
  return {
    name: 'PowerShell',
    status: 'warning',
    finding:
      'not found, or it may not be run: a process that has taken the number of a machine’s is not distinguished from it',
    hint: 'add C:\\Windows\\System32\\WindowsPowerShell\\v1.0 to PATH, or install PowerShell 7',
  };
}

/** OneDrive opens each new file, and takes disks of gigabytes to the cloud. */
function placeFact({ env }: HostPlatform, home: string): DoctorFact {
  const name = 'place';
  const clouds = [env.OneDrive, env.OneDriveConsumer, env.OneDriveCommercial].filter((cloud) => cloud !== undefined);
  const cloud = clouds.find((one) => !/^\.\.|:/.test(win32.relative(one.toLowerCase(), home.toLowerCase())));
  if (cloud === undefined) return { name, status: 'ok', finding: `${home} is in no folder of OneDrive` };
  return {
    name,
    status: 'warning',
    finding: `${home} is in a folder that OneDrive synchronises: ${cloud}`,
    hint: 'set GOQEMU_HOME to a folder outside of it',
  };
}

function lengthFact(home: string): DoctorFact {
  const name = 'path length';
  const left = longestPath - below - home.length;
  if (left >= 0) return { name, status: 'ok', finding: `${home.length} characters of ${longestPath - below}` };
  return {
    name,
    status: 'warning',
    finding: `${home} has ${home.length} characters, and paths below it may be longer than the ${longestPath} that Windows takes`,
    hint: 'set GOQEMU_HOME to a folder with a shorter path, such as C:\\qemu',
  };
}

function scannerFact(home: string): DoctorFact {
  const command = `Add-MpPreference -ExclusionPath '${home.replaceAll("'", "''")}'`;
  return {
    name: 'virus scanner',
    status: 'ok',
    finding: 'one that reads each new disk makes every machine slow',
    hint: `to leave goqemu's folder out, in a PowerShell of the administrator: ${command}`,
  };
}
