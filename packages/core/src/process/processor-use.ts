import { readdirSync } from 'node:fs';
import { systemErrorCode } from '../errors/internal-error.ts';
import { readIfThere } from '../files/read-if-there.ts';
import { askPowerShell } from './powershell.ts';
import { run } from './run-program.ts';

/** What a process has had of the host's processors. */
export interface ProcessorUse {
  /** Processor time of all its threads so far, in milliseconds. */
  readonly usedMs: number;
  /**
   * True when at this moment it runs, waits for a processor or a disk of the host, or is stopped; false when it waits for
   * something to happen. Undefined where the host does not show it.
   */
  readonly wants: boolean | undefined;
}

/** How a host tells what its processes use; injected in tests. */
export interface ProcessorMeter {
  /** Undefined when there is no such process, or the host does not show it. */
  of(pid: number): Promise<ProcessorUse | undefined>;
  /** How often it may be asked, in milliseconds: some hosts answer through a program that has to be started. */
  readonly everyMs: number;
}

/** The meter of the host system that goqemu runs on. */
export function hostProcessorMeter(platform: NodeJS.Platform = process.platform): ProcessorMeter {
  if (platform === 'linux') return linuxMeter;
  return platform === 'win32' ? windowsMeter : posixMeter;
}

/** Ticks of /proc a second: USER_HZ, 100 on every architecture that QEMU runs on but Alpha (asm/param.h). */
const tickMs = 10;

/** proc(5): fields 14 and 15 of /proc/PID/stat are the times in user and kernel mode, field 3 of each task its state. */
const linuxMeter: ProcessorMeter = {
  everyMs: 0,
  async of(pid) {
    const fields = statOf(`/proc/${pid}/stat`);
    if (!fields) return undefined;
    const states = tasksOf(pid).map((task) => statOf(`/proc/${pid}/task/${task}/stat`)?.[0] ?? 'S');
    return {
      usedMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
      wants: states.some((state) => 'RDTt'.includes(state)),
    };
  },
};

/** The fields from the state on: the name before them may hold anything. */
function statOf(path: string): readonly string[] | undefined {
  const stat = ifItLives(() => readIfThere(path));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function tasksOf(pid: number): readonly string[] {
  return ifItLives(() => readdirSync(`/proc/${pid}/task`)) ?? [];
}

function ifItLives<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ESRCH', 'ENOENT'].includes(systemErrorCode(error) ?? '')) return undefined; // it ended while it was read
    throw error;
  }
}

/** ps(1): on macOS R is runnable, U waits for a disk, T is stopped. */
const posixMeter: ProcessorMeter = {
  everyMs: 2000,
  async of(pid) {
    const ps = await run('ps', ['-o', 'state=,time=', '-p', String(pid)], { LC_ALL: 'C' }).catch(() => undefined);
    return ps && readPs(ps.stdout);
  },
};

/** `R 12:34.56`: minutes and seconds, with hours and days before them where there are some. */
export function readPs(text: string): ProcessorUse | undefined {
  const [, state = '', days = '0', hours = '0', minutes, seconds] =
    /^\s*(\w)\S*\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return { usedMs: Math.round(whole * 1000), wants: 'RDUT'.includes(state) };
}

const windowsMeter: ProcessorMeter = {
  everyMs: 5000,
  async of(pid) {
    const query = `[long](Get-Process -Id ${Number(pid)}).TotalProcessorTime.TotalMilliseconds`;
    const text = await askPowerShell(query).catch(() => undefined);
    return text === undefined ? undefined : readMilliseconds(text);
  },
};

/** What PowerShell prints. */
export function readMilliseconds(text: string): ProcessorUse | undefined {
  return /^\s*\d+\s*$/.test(text) ? { usedMs: Number(text), wants: undefined } : undefined;
}
