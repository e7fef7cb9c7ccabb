import { formatByteSize } from '@goqemu/core';

/** What a value of a machine must be, wherever it is written: in a lab, or for a `QemuVM`. */
export interface Rule<T> {
  fits(value: T): boolean;
  /** Completes “must be …” and “expected …”. */
  readonly expected: string;
  readonly hint: string;
}

const mebibyte = 2 ** 20;
const [leastMemory, mostMemory] = [64 * mebibyte, 2 ** 40];
const [leastDisk, mostDisk] = [mebibyte, 2 ** 46];

/**
 * What `q35` takes without an interrupt controller of the kernel (QEMU 7.2: 256 and more need KVM's and X2APIC). The
 * `virt` of arm64 takes 512, with version 3 of its interrupt controller.
 */
export const mostCpus = 255;

/** The values that have one rule for everybody. */
export const machineRules = {
  /** In bytes: QEMU takes memory in whole MiB. */
  memory: {
    fits: (bytes) => bytes % mebibyte === 0 && bytes >= leastMemory && bytes <= mostMemory,
    expected: `a whole number of MiB from ${formatByteSize(leastMemory)} to ${formatByteSize(mostMemory)}`,
    hint: "write a size in MiB or GiB, such as memory: '1 GiB'",
  } satisfies Rule<number>,
  cpus: {
    fits: (cpus) => Number.isInteger(cpus) && cpus >= 1 && cpus <= mostCpus,
    expected: `a whole number from 1 to ${mostCpus}`,
    hint: 'write cpus: 2',
  } satisfies Rule<number>,
  /** In bytes. */
  disk: {
    fits: (bytes) => bytes >= leastDisk && bytes <= mostDisk,
    expected: `a size from ${formatByteSize(leastDisk)} to ${formatByteSize(mostDisk)}`,
    hint: "write a size such as disk: '20 GB'",
  } satisfies Rule<number>,
  /** The user that goqemu logs in as. */
  user: {
    fits: (name) => typeof name === 'string' && /^[a-z_][a-z0-9_-]{0,31}$/.test(name) && name !== 'root',
    expected:
      'an ordinary user of the guest, not root: cloud images refuse root over SSH, and goqemu becomes root with sudo',
    hint: "leave user out, or write a name such as user: 'debian'; steps run as root by default",
  } satisfies Rule<string>,
} as const;
