import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalJson,
  type HostPlatform,
  hostPlatform,
  hostProcessTable,
  lengthPrefixedDigest,
  type ProcessTable,
  writeOwnFile,
} from '@goqemu/core';
import type { Accelerator } from '../configuration/machine-config.ts';
import { runsNatively } from '../find/architecture.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { type CanaryOptions, type CanaryResult, hasCanary, runCanary } from './run-canary.ts';

/** What `chooseAccelerator` may use and how long it may take. */
export interface AcceleratorOptions {
  /** Where proofs are kept, for this boot and this binary; without it each call proves again, for some 30 ms. */
  readonly cacheFolder?: string;
  readonly platform?: HostPlatform;
  /** @internal Replaced in tests. */
  readonly processes?: ProcessTable;
  /** The CPU model that the machine will have. Default: that of the accelerator. */
  readonly cpu?: string;
  readonly signal?: AbortSignal;
  /** @internal Replaced in tests of other hosts. */
  readonly prove?: (options: CanaryOptions) => Promise<CanaryResult>;
}

/** What is known about one accelerator on this host. */
export interface AcceleratorFact {
  readonly accelerator: Accelerator;
  readonly usable: boolean;
  /** Why, in one line. */
  readonly reason: string;
  /** What would make it usable. */
  readonly hint?: string;
}

/** The accelerator that was chosen, and why. */
export interface ChosenAccelerator {
  readonly accelerator: Accelerator;
  readonly reason: string;
  /** What the user should know, such as that guests will be slow. */
  readonly notices: readonly string[];
}

/** The accelerator of the host's own processor on each host system. */
const native = { linux: 'kvm', darwin: 'hvf', win32: 'whpx' } as const;

/**
 * The accelerator for a machine. `auto` takes the host's own when a guest was seen to run under it on this host
 * since it booted, else tcg with a notice. A device node that opens proves nothing, and neither does a machine that
 * can be created.
 *
 * @example
 * const { accelerator, notices } = await chooseAccelerator('auto', await findQemu());
 */
export async function chooseAccelerator(
  wanted: 'auto' | Accelerator,
  installation: QemuInstallation,
  options: AcceleratorOptions = {},
): Promise<ChosenAccelerator> {
  if (wanted !== 'auto') return { accelerator: wanted, reason: 'asked for', notices: [] };
  const platform = options.platform ?? hostPlatform();
  const fact = await examine(native[platform.system], installation, platform, options);
  if (fact.usable) return { accelerator: fact.accelerator, reason: fact.reason, notices: [] };
  const why = `${fact.accelerator}: ${fact.reason}`;
  const hint = fact.hint ? ` (${fact.hint})` : '';
  return { accelerator: 'tcg', reason: why, notices: [`running under emulation (tcg), which is slow; ${why}${hint}`] };
}

/**
 * Every accelerator that there is on this host system, with the reason why it can be used or not; for `doctor`.
 */
export async function acceleratorReport(
  installation: QemuInstallation,
  options: AcceleratorOptions = {},
): Promise<AcceleratorFact[]> {
  const platform = options.platform ?? hostPlatform();
  const hardware = await examine(native[platform.system], installation, platform, options);
  const emulation: AcceleratorFact = installation.features.accelerators.includes('tcg')
    ? { accelerator: 'tcg', usable: true, reason: 'emulation runs everywhere' }
    : { accelerator: 'tcg', usable: false, reason: 'this QEMU was built without it' };
  return [hardware, emulation];
}

async function examine(
  accelerator: 'kvm' | 'hvf' | 'whpx',
  installation: QemuInstallation,
  platform: HostPlatform,
  options: AcceleratorOptions,
): Promise<AcceleratorFact> {
  const no = (reason: string, hint?: string): AcceleratorFact => ({
    accelerator,
    usable: false,
    reason,
    ...(hint ? { hint } : {}),
  });
  const { arch, features } = installation;
  if (!runsNatively(arch, platform.arch)) return no(`this processor (${platform.arch}) does not run ${arch} guests`);
  if (!features.accelerators.includes(accelerator)) return no('this QEMU was built without it');
  if (accelerator === 'kvm') {
    const trouble = await kvmDeviceTrouble();
    if (trouble) return no(...trouble);
  }
  if (!hasCanary(arch))
    return no(`goqemu has no proof for ${arch} guests`, `set accelerator '${accelerator}' to use it`);
  const cpu = options.cpu ?? (accelerator === 'whpx' ? undefined : 'host');
  const { passed, reason } = await proveOnce({ accelerator, cpu, installation, platform }, options);
  return passed ? { accelerator, usable: true, reason } : no(reason, hints[accelerator]);
}

const hints = {
  kvm: 'a virtual host needs nested virtualization for it',
  hvf: 'QEMU needs the entitlement com.apple.security.hypervisor',
  whpx: 'turn on the Windows feature “Windows Hypervisor Platform”',
} as const;

async function kvmDeviceTrouble(): Promise<[string, string] | undefined> {
  if (!(await stat('/dev/kvm').catch(() => undefined))) {
    return ['there is no /dev/kvm', 'load the module kvm_intel or kvm_amd, or turn virtualization on in the firmware'];
  }
  const open = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return open ? undefined : ['this user may not open /dev/kvm', 'sudo usermod -aG kvm $USER, then log in again'];
}

/** A proof holds for this boot (the host's kernel and its settings), this binary, and this CPU. */
async function proveOnce(canary: CanaryOptions, options: AcceleratorOptions): Promise<CanaryResult> {
  const prove = options.prove ?? runCanary;
  const run = () => prove({ ...canary, ...(options.signal ? { signal: options.signal } : {}) });
  if (options.cacheFolder === undefined) return await run();
  const { systemPath } = canary.installation;
  const binary = await stat(systemPath);
  const self = await (options.processes ?? hostProcessTable()).identify(process.pid);
  if (canary.platform.system === 'win32' && !self?.bootId) return await run(); // no PowerShell: this boot is not known
  const key = {
    boot: self?.bootId,
    binary: [systemPath, binary.mtimeMs, binary.size],
    cpu: canary.cpu ?? null,
    firmware: 1,
  };
  const digest = lengthPrefixedDigest([systemPath, canary.accelerator, canary.cpu ?? '']).slice(0, 16);
  const file = join(options.cacheFolder, 'accelerators', `${digest}.json`);
  const kept = await readProof(file);
  if (kept && canonicalJson(kept.key) === canonicalJson(key)) return kept.result;
  const result = await run();
  if (result.inconclusive) return result;
  await writeOwnFile(file, `${JSON.stringify({ key, result })}\n`).catch(() => undefined); // a cache only
  return result;
}

async function readProof(path: string): Promise<{ key: unknown; result: CanaryResult } | undefined> {
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as { key?: unknown; result?: CanaryResult };
    return parsed.key && typeof parsed.result?.passed === 'boolean'
      ? { key: parsed.key, result: parsed.result }
      : undefined;
  } catch {
    return undefined; // none yet, or damaged: both are answered by proving
  }
}
