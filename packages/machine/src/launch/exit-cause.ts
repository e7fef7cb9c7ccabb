import { GoqemuError } from '@goqemu/core';

/** Why QEMU ended before it should have; the code of the error that tells it. */
export type ExitCause =
  | 'image-locked'
  | 'tpm-failed'
  | 'storage-unreachable'
  | 'feature-missing'
  | 'network-unavailable'
  | 'port-taken'
  | 'bad-cpu'
  | 'firmware-missing'
  | 'accelerator-unavailable'
  | 'ram-exhausted'
  | 'permission-denied'
  | 'file-missing'
  | 'sandbox-violation'
  | 'qemu-exited';

/** How the process of a machine has ended. */
export interface ProcessExit {
  /** Null when a signal ended it; undefined when goqemu did not see it. */
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
}

interface Rule {
  readonly cause: ExitCause;
  /** QEMU's own words; they have been the same for years, but are no promise. */
  readonly words?: RegExp;
  readonly signal?: NodeJS.Signals;
  readonly hint: string;
}

/** The first that fits counts: the words of a cause may hold those of a later one. */
const rules: readonly Rule[] = [
  {
    cause: 'image-locked',
    words: /Failed to get (shared )?"\w+" lock|Is another process using the image/,
    hint: 'another process has the disk open: stop it, or give this machine an overlay of its own',
  },
  {
    cause: 'tpm-failed',
    words: /tpm-emulator: /,
    hint: 'swtpm says why above; a folder of TPM state serves one machine at a time',
  },
  {
    cause: 'storage-unreachable',
    words: /iSCSI: Failed to connect to LUN|"driver": ?"(nbd|rbd)".*: (Failed to connect to '|error connecting: )/,
    hint: 'check the address of the NBD, iSCSI or RBD server, and that it serves this host',
  },
  {
    cause: 'feature-missing',
    words: /Unknown driver '/,
    hint: 'install the package that adds it to QEMU (Debian: qemu-block-extra)',
  },
  {
    cause: 'network-unavailable',
    words: /bridge helper failed|could not (open|configure) \/dev\/net\/tun|Could not open vde/,
    hint: "the bridge must be there and allowed in /etc/qemu/bridge.conf, the tap this user's, the switch of VDE running",
  },
  {
    cause: 'port-taken',
    words:
      /Could not set up host forwarding rule|Address already in use|Failed to (bind|listen)|Failed to find an available port/,
    hint: 'choose another port, or end the process that listens there',
  },
  {
    cause: 'bad-cpu',
    words:
      /unable to find CPU model|[Hh]ost doesn't support requested features|-cpu' property|Property '[\w.-]+-cpu\.|CPU model .* (requires|is not)|Expected key=value format/,
    hint: 'choose a CPU model and features that this QEMU lists under `-cpu help`',
  },
  {
    cause: 'firmware-missing',
    words:
      /could not load PC BIOS|failed to find romfile|Could not find ROM image|could not load (firmware|bootloader|BIOS)|[Cc]ould not open '[^']*\.fd'/,
    hint: 'install the firmware package of your distribution (seabios, ovmf, qemu-efi-aarch64)',
  },
  {
    cause: 'accelerator-unavailable',
    words:
      /Could not access KVM kernel module|failed to initialize (kvm|hvf|whpx|HVF|KVM|WHPX)|invalid accelerator|ioctl\(KVM_CREATE_VM\) failed|-accel \w+: .*not supported/i,
    hint: "use accelerator 'auto' or 'tcg'",
  },
  {
    cause: 'ram-exhausted',
    words: /cannot set up guest memory|unable to map backing store for guest RAM|Cannot allocate memory/,
    hint: 'give the machine less memory, or make room',
  },
  {
    cause: 'ram-exhausted',
    signal: 'SIGBUS',
    hint: 'the file of the guest’s memory could not grow: make room on its file system (such as /dev/shm)',
  },
  {
    cause: 'sandbox-violation',
    signal: 'SIGSYS',
    hint: 'a system call was stopped by the sandbox: start the machine with sandbox false',
  },
  {
    cause: 'permission-denied',
    words: /Permission denied|Operation not permitted/,
    hint: 'give this user access to the file or device that QEMU names',
  },
  {
    cause: 'file-missing',
    words: /No such file or directory/,
    hint: 'check the path that QEMU names',
  },
];

export function exitCause(exit: ProcessExit, lastWords: string): { cause: ExitCause; hint: string } {
  const rule = rules.find((item) => (item.signal ? item.signal === exit.signal : item.words?.test(lastWords)));
  return rule ?? { cause: 'qemu-exited', hint: killedHint(exit) };
}

function killedHint(exit: ProcessExit): string {
  return exit.signal === 'SIGKILL'
    ? 'something killed it; the kernel does so when memory runs out (see dmesg)'
    : "QEMU's own words are above; its log is kept beside the machine";
}

/** The error of a QEMU that ended by itself, with its own last words. */
export function exitError(name: string, exit: ProcessExit, lastWords: string, logPath: string): GoqemuError {
  const { cause, hint } = exitCause(exit, lastWords);
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code ?? 'unknown'}`;
  return new GoqemuError({
    code: cause,
    source: 'environment',
    subject: name,
    message: `QEMU of machine "${name}" ${how}`,
    detail: lastWords || `it said nothing (${logPath})`,
    hint,
    data: { code: exit.code ?? null, signal: exit.signal ?? null, log: logPath },
  });
}
