import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { askPowerShell } from '@goqemu/core';

const run = promisify(execFile);

/** How a host tells with which arguments its processes were started; injected in tests. */
export interface CommandLines {
  /** The arguments with the executable first; undefined when there is no such process or it may not be seen. */
  of(pid: number): Promise<string[] | undefined>;
  /** All processes whose arguments hold this text. */
  containing(text: string): Promise<number[]>;
}

export function hostCommandLines(platform: NodeJS.Platform = process.platform): CommandLines {
  if (platform === 'linux') return linuxCommandLines;
  return platform === 'win32' ? windowsCommandLines : posixCommandLines;
}

/** proc(5): /proc/PID/cmdline holds the arguments, each ended by a NUL. */
const linuxCommandLines: CommandLines = {
  async of(pid) {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0');
  },
  async containing(text) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return pids.filter((_, index) => lines[index]?.includes(text));
  },
};

/** ps(1) gives one line, in which blanks inside arguments look like those between them. */
const posixCommandLines: CommandLines = {
  async of(pid) {
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    const line = stdout.trim();
    return line === '' ? undefined : splitAtOptions(line);
  },
  async containing(text) {
    const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 2 ** 26 });
    return stdout
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => Number.parseInt(line, 10));
  },
};

const windowsCommandLines: CommandLines = {
  async of(pid) {
    const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId=${Number(pid)}').CommandLine`;
    const stdout = (await askPowerShell(query)) ?? '';
    return stdout.trim() === '' ? undefined : splitWindowsCommandLine(stdout.trim());
  },
  async containing(text) {
    const stdout = await askPowerShell(
      'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId)`t$($_.CommandLine)" }',
    );
    return (stdout ?? '')
      .split(/\r?\n/)
      .filter((line) => line.includes(text))
      .map((line) => Number.parseInt(line, 10));
  },
};

/** Splits before each word that looks like one of QEMU's options; a value keeps its blanks. */
export function splitAtOptions(line: string): string[] {
  return line.split(/ (?=-[a-zA-Z])/).flatMap((part) => {
    const blank = part.indexOf(' ');
    return part.startsWith('-') && blank > 0 ? [part.slice(0, blank), part.slice(blank + 1)] : [part];
  });
}

/** The rules of CommandLineToArgvW: quotes group, and backslashes count only before a quote. */
export function splitWindowsCommandLine(line: string): string[] {
  const argv: string[] = [];
  let current = '';
  let quoted = false;
  let started = false;
  for (let index = 0; index < line.length; index++) {
    const backslashes = /^\\*/.exec(line.slice(index))?.[0].length ?? 0;
    if (backslashes > 0) {
      const beforeQuote = line[index + backslashes] === '"';
      current += '\\'.repeat(beforeQuote ? Math.floor(backslashes / 2) : backslashes);
      started = true;
      index += backslashes - 1;
      if (beforeQuote && backslashes % 2 === 1) {
        current += '"';
        index += 1;
      }
    } else if (line[index] === '"') {
      quoted = !quoted;
      started = true;
    } else if (!quoted && /\s/.test(line[index] ?? '')) {
      if (started) argv.push(current);
      current = '';
      started = false;
    } else {
      current += line[index];
      started = true;
    }
  }
  if (started) argv.push(current);
  return argv;
}
