import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostPlatform, orAborted, removeTree } from '@goqemu/core';
import type { Accelerator } from '../configuration/machine-config.ts';
import type { Architecture } from '../find/architecture.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { acceleratorText } from './accelerator-text.ts';
import { arm64CanaryFirmware } from './arm64-canary.ts';
import { canaryExitCode, x86CanaryFirmware } from './x86-canary.ts';

export interface CanaryResult {
  readonly passed: boolean;
  /** Nothing was seen in the time that there was, which on a busy host proves nothing: not to be remembered. */
  readonly inconclusive?: boolean;
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

/** Milliseconds that QEMU may take to say anything: a busy host, or a scanner that reads each program first. */
const startMs = 60_000;
/** Milliseconds that the canary may take from then on; it needs about 20 on an idle host, and a stuck one never ends. */
const timeoutMs = 10_000;

interface Canary {
  readonly firmware: () => Buffer;
  readonly argv: readonly string[];
  readonly passed: (code: number | null, output: string) => boolean;
}

const canaries: Partial<Record<Architecture, Canary>> = {
  x86_64: {
    firmware: x86CanaryFirmware,
    argv: ['-machine', 'q35', '-device', 'isa-debug-exit,iobase=0xf4,iosize=1', '-qmp', 'stdio'],
    passed: (code) => code === canaryExitCode,
  },
  aarch64: {
    firmware: arm64CanaryFirmware,
    argv: ['-machine', 'virt', '-chardev', 'stdio,id=c,mux=on', '-serial', 'chardev:c', '-mon', 'c,mode=control'],
    passed: (code, output) => code === 0 && output.includes('OK'),
  },
};

/** True for the architectures that there is a canary for. */
export function hasCanary(architecture: Architecture): boolean {
  return canaries[architecture] !== undefined;
}

/** Runs the canary as the firmware of a machine that has nothing else. */
export async function runCanary(options: CanaryOptions): Promise<CanaryResult> {
  const { accelerator, cpu, installation, platform, signal } = options;
  const canary = canaries[installation.arch];
  if (!canary) return { passed: false, reason: `there is no canary for ${installation.arch}` };
  const folder = await mkdtemp(join(platform.temporaryFolder, 'goqemu-canary-'));
  try {
    const rom = join(folder, 'canary.bin');
    await writeFile(rom, canary.firmware());
    const argv = [
      ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', ...canary.argv],
      ...[
        '-accel',
        acceleratorText(accelerator, installation, platform),
        ...(cpu ? ['-cpu', cpu] : []),
        '-m',
        '16',
        '-bios',
        rom,
      ],
    ];
    return await orAborted(watch(installation.systemPath, argv, canary), signal);
  } finally {
    await removeTree(folder);
  }
}

function watch(path: string, argv: readonly string[], canary: Canary): Promise<CanaryResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    let words = '';
    let verdict: string | undefined;
    const give = (reason: string) => {
      verdict ??= reason;
      child.kill('SIGKILL');
    };
    let stuck = false;
    const limit = (milliseconds: number, what: string) =>
      setTimeout(() => {
        stuck = true;
        give(`${what} for ${milliseconds / 1000} s`);
      }, milliseconds);
    let timer = limit(startMs, 'QEMU said nothing');
    // The greeting of its monitor: from here on it is the guest that takes time.
    child.stdout.once('data', () => {
      clearTimeout(timer);
      timer = limit(timeoutMs, 'the guest was stuck');
    });
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output = (output + text).slice(0, 1024);
    });
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
      if (verdict) resolve({ passed: false, reason: verdict, ...(stuck ? { inconclusive: true } : {}) });
      else if (canary.passed(code, output)) resolve({ passed: true, reason: 'a guest ran' });
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
