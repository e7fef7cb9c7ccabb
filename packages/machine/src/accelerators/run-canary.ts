import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostPlatform, orAborted } from '@goqemu/core';
import type { Accelerator } from '../configuration/machine-config.ts';
import type { Architecture } from '../find/architecture.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { canaryExitCode, x86CanaryFirmware } from './x86-canary.ts';

export interface CanaryResult {
  readonly passed: boolean;
  /** What was seen, in one line. */
  readonly reason: string;
}

export interface CanaryOptions {
  readonly accelerator: Accelerator;
  /** As `-cpu` takes it; undefined for the machine type's own. */
  readonly cpu: string | undefined;
  readonly installation: QemuInstallation;
  readonly platform: HostPlatform;
  readonly signal?: AbortSignal;
}

/** Milliseconds that the canary may take; it needs about 20, and one that is stuck never ends. */
const timeoutMs = 2000;

/** True for the architectures that there is a canary for. */
export function hasCanary(architecture: Architecture): boolean {
  return architecture === 'x86_64';
}

/** Runs the canary as the firmware of a machine that has nothing else. */
export async function runCanary(options: CanaryOptions): Promise<CanaryResult> {
  const { accelerator, cpu, installation, platform, signal } = options;
  const folder = await mkdtemp(join(platform.temporaryFolder, 'goqemu-canary-'));
  try {
    const rom = join(folder, 'canary.bin');
    await writeFile(rom, x86CanaryFirmware());
    const argv = [
      ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-machine', 'q35', '-accel', accelerator, ...(cpu ? ['-cpu', cpu] : []), '-m', '16', '-bios', rom],
      ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
    ];
    return await orAborted(watch(installation.systemPath, argv), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function watch(path: string, argv: readonly string[]): Promise<CanaryResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
    let words = '';
    let verdict: string | undefined;
    const give = (reason: string) => {
      verdict ??= reason;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => give(`the guest was stuck for ${timeoutMs} ms`), timeoutMs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(0, 65_536);
      // QEMU stops such a guest and stays.
      if (/KVM internal error/.test(words) && /emulation failure|RIP=/.test(words)) give(internalError(words));
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (verdict) resolve({ passed: false, reason: verdict });
      else if (code === canaryExitCode) resolve({ passed: true, reason: 'a guest ran' });
      else resolve({ passed: false, reason: ending(code, signal, words) });
    });
  });
}

function internalError(words: string): string {
  const kind = /emulation failure/.test(words) ? ': emulation failure' : '';
  return `the guest died of a KVM internal error${kind}, as a Linux kernel would`;
}

function ending(code: number | null, signal: NodeJS.Signals | null, words: string): string {
  const lines = words.split('\n').map((line) => line.replace(/^\S*qemu-[\w-]+(\.exe)?: /, '').trim());
  const said = lines.find((line) => /error|fail|denied|not supported|invalid/i.test(line)) ?? lines[0];
  return `QEMU ended with ${signal ?? `code ${code}`}${said ? `: ${said}` : ' before the guest was through'}`;
}
