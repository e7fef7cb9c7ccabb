import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../errors/internal-error.ts';
import { readIfThere } from '../files/read-if-there.ts';
import type { ProcessIdentity, ProcessTable } from './process-table.ts';
import { run } from './run-program.ts';
import { windowsProcessTable } from './windows-table.ts';

export type { ProcessIdentity, ProcessTable } from './process-table.ts';

/** The table of the host system that goqemu runs on. */
export function hostProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'linux') return linuxTable;
  return platform === 'win32' ? windowsTable() : posixTable;
}

let windows: ProcessTable | undefined;

function windowsTable(): ProcessTable {
  windows ??= windowsProcessTable();
  return windows;
}

/** proc(5): field 3 of /proc/PID/stat is the state, field 22 the start time in clock ticks after boot. */
const linuxTable: ProcessTable = {
  async identify(pid) {
    const stat = statOf(pid);
    if (stat === undefined) return undefined;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // The first thread of a killed process can be a zombie while others still hold its sockets (field 20: threads).
    if (fields[0] === 'X' || (fields[0] === 'Z' && Number(fields[17]) <= 1)) return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, startTime: fields[19] ?? '', bootId };
  },
};

/** random(4): the same as long as the host runs, and with it this process. */
let bootId: string | undefined;

/** A process that cannot be looked at for another reason is not taken for a dead one. */
function statOf(pid: number): string | undefined {
  try {
    return readIfThere(`/proc/${pid}/stat`);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return undefined; // it ended while it was read
    throw error;
  }
}

/**
 * So that the same start is written the same, by any user: ps(1) writes it in the words and the time zone of its user. A job
 * of launchd(8) or cron(8) may have a `PATH` without the folder of sysctl(8).
 */
function plainWords(): Record<string, string> {
  return { LC_ALL: 'C', TZ: 'UTC', PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin:/usr/sbin:/sbin` };
}

/** ps(1) of POSIX gives the start time to the second; macOS's boot time comes from sysctl(8). */
const posixTable: ProcessTable = {
  async identify(pid) {
    const ps = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], plainWords()).catch(noSuchProcess);
    const line = ps?.stdout.trim();
    if (!line || line.startsWith('Z')) return undefined;
    // Only macOS has it; elsewhere the start time alone has to do.
    const boot = await run('sysctl', ['-n', 'kern.bootsessionuuid'], plainWords()).catch(() => ({ stdout: '' }));
    return { pid, startTime: line.replace(/^\S+\s+/, ''), bootId: boot.stdout.trim() };
  },
};

/** ps(1) ends with 1 when it has nothing to show. */
function noSuchProcess(error: unknown): undefined {
  if ((error as { code?: unknown }).code === 1) return undefined;
  throw error;
}

/** True while the very process that was identified is alive. */
export async function isAlive(identity: ProcessIdentity, table: ProcessTable = hostProcessTable()): Promise<boolean> {
  if (table.isAlive) return table.isAlive(identity);
  const now = await table.identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && isSameBoot(now.bootId, identity.bootId);
}

/** A boot that could not be asked for, now or then, is taken for the same: the start of the process has to do. */
function isSameBoot(now: string, then: string): boolean {
  return now === then || now === '' || then === '';
}

const known = new WeakMap<ProcessTable, Promise<ProcessIdentity | undefined>>();

/**
 * Which process this one is, for what is to be known as its own. It stays who it is, so the table is asked once: a look at
 * twenty machines takes twenty locks.
 */
export async function ownIdentity(table: ProcessTable = hostProcessTable()): Promise<ProcessIdentity> {
  const asked = known.get(table) ?? table.identify(process.pid);
  known.set(table, asked);
  const identity = await asked.catch((error: unknown) => {
    known.delete(table);
    throw error;
  });
  if (!identity) throw new Error('this process cannot find itself in the process table');
  return identity;
}

/**
 * Which process this one is, for others who only want to know whether it lives: on Windows a named pipe that it holds, so
 * that a lock starts no program.
 */
export async function ownSign(table: ProcessTable = hostProcessTable()): Promise<ProcessIdentity> {
  return table.own ? await table.own() : await ownIdentity(table);
}
