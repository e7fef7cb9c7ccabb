import { GoqemuError, shownValue } from '@goqemu/core';

/** The architectures that goqemu runs, by QEMU's own names (the suffix of `qemu-system-…`). */
export const architectures = [
  'x86_64',
  'i386',
  'aarch64',
  'arm',
  'riscv64',
  'ppc64',
  'mips',
  'mips64',
  's390x',
] as const;
/** A processor architecture, by the name that Debian has for it. */
export type Architecture = (typeof architectures)[number];

/** What a machine of this architecture is made of unless the configuration says otherwise. */
export interface ArchitectureDefaults {
  /** Unversioned; the newest version that the installation knows is written into the arguments. */
  readonly machineType: string;
  /** CPU model under tcg; undefined leaves it to the machine type. */
  readonly cpu: string | undefined;
  /** How virtio devices are attached. */
  readonly bus: 'pci' | 'ccw';
  /** Slots 3 and up of the root bus are free, so that devices get stable addresses. */
  readonly fixedSlots: boolean;
}

const defaults: Record<Architecture, ArchitectureDefaults> = {
  x86_64: { machineType: 'q35', cpu: 'max', bus: 'pci', fixedSlots: true },
  i386: { machineType: 'q35', cpu: 'max', bus: 'pci', fixedSlots: true },
  // The virt board's own default is a 32-bit Cortex-A15.
  aarch64: { machineType: 'virt', cpu: 'max', bus: 'pci', fixedSlots: true },
  arm: { machineType: 'virt', cpu: 'max', bus: 'pci', fixedSlots: true },
  riscv64: { machineType: 'virt', cpu: undefined, bus: 'pci', fixedSlots: true },
  ppc64: { machineType: 'pseries', cpu: undefined, bus: 'pci', fixedSlots: false },
  mips: { machineType: 'malta', cpu: undefined, bus: 'pci', fixedSlots: false },
  mips64: { machineType: 'malta', cpu: 'MIPS64R2-generic', bus: 'pci', fixedSlots: false },
  s390x: { machineType: 's390-ccw-virtio', cpu: undefined, bus: 'ccw', fixedSlots: false },
};

/** Names that Go (`GOARCH`), Node (`process.arch`), Debian and the kernel give to the same thing. */
const aliases: Readonly<Record<string, Architecture>> = {
  amd64: 'x86_64',
  x64: 'x86_64',
  'x86-64': 'x86_64',
  '386': 'i386',
  ia32: 'i386',
  i686: 'i386',
  arm64: 'aarch64',
  armhf: 'arm',
  armv7l: 'arm',
  // One binary emulates both byte orders; the guest's kernel chooses.
  ppc64le: 'ppc64',
  ppc64el: 'ppc64',
};

/**
 * QEMU's name of an architecture that is written as Go, Node, Debian or QEMU write it.
 *
 * @throws GoqemuError `arch-unknown`
 * @example
 * architectureOf('amd64'); // 'x86_64'
 */
export function architectureOf(name: string): Architecture {
  const known = aliases[name] ?? architectures.find((architecture) => architecture === name);
  if (known) return known;
  throw new GoqemuError({
    code: 'arch-unknown',
    source: 'user',
    subject: 'arch',
    message: `arch: expected an architecture that QEMU emulates, got ${shownValue(name)}`,
    hint: `write one of ${[...architectures, ...Object.keys(aliases)].join(', ')}`,
  });
}

export function architectureDefaults(architecture: Architecture): ArchitectureDefaults {
  return defaults[architecture];
}

/** The executable that emulates an architecture, without folder and without `.exe`. */
export function systemBinaryName(architecture: Architecture): string {
  return `qemu-system-${architecture}`;
}

/** True where an accelerator of the host's own processor can run guests of this architecture. */
export function runsNatively(architecture: Architecture, hostArch: string): boolean {
  const host = aliases[hostArch] ?? hostArch;
  return host === architecture || (host === 'x86_64' && architecture === 'i386');
}
