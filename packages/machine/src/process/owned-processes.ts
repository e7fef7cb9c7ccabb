import { type ChildProcess, spawn } from 'node:child_process';
import type { ProcessIdentity } from '@goqemu/core';

/**
 * The watcher of this process: a program that holds the other end of a pipe, which the kernel closes when this
 * process ends, in whatever way. Only then does it act: it ends the processes that were named to it and still are the
 * ones that were meant. QEMU itself has no such option before 10.2, and Node cannot set PR_SET_PDEATHSIG.
 */
const program = `
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', () => {
  const owned = new Map();
  for (const line of text.split('\\n')) {
    const [verb, pid, startTime] = line.split('\\t');
    if (verb === 'own') owned.set(pid, startTime);
    if (verb === 'free') owned.delete(pid);
  }
  const startTimeOf = (pid) => {
    if (process.platform === 'linux') {
      const stat = readFileSync('/proc/' + pid + '/stat', 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'win32') {
      const query = "(Get-CimInstance Win32_Process -Filter 'ProcessId=" + Number(pid) + "').CreationDate.ToFileTimeUtc()";
      return execFileSync('powershell.exe', ['-NoProfile', '-Command', query], { encoding: 'utf8' }).trim();
    }
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    return execFileSync('ps', ['-o', 'stat=,lstart=', '-p', pid], { encoding: 'utf8', env }).trim().replace(/^\\S+\\s+/, '');
  };
  const signal = (name) => {
    for (const [pid, startTime] of owned) {
      try {
        if (startTimeOf(pid) === startTime) process.kill(Number(pid), name);
      } catch {
        owned.delete(pid); // it is gone
      }
    }
  };
  signal('SIGTERM');
  if (owned.size > 0) setTimeout(signal, 3000, 'SIGKILL');
});
`;

let watcher: ChildProcess | undefined;

/** Has a process ended (SIGTERM, 3 s later SIGKILL) when this one has gone, however that comes about. */
export function ownProcess(identity: ProcessIdentity, ended: Promise<unknown>): void {
  watcher ??= startWatcher();
  const { stdin } = watcher;
  stdin?.write(`own\t${identity.pid}\t${identity.startTime}\n`);
  void ended.then(() => stdin?.write(`free\t${identity.pid}\n`));
}

function startWatcher(): ChildProcess {
  // In a session of its own, so that the Ctrl-C that ends this process does not end it first.
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  const { stdin } = child;
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  stdin?.on('error', () => undefined); // it was ended from outside; then owned machines outlive us
  child.once('exit', () => {
    if (watcher === child) watcher = undefined;
  });
  return child;
}
