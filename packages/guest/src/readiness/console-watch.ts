import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/** What a serial console has said since it was last looked at. */
export interface ConsoleReading {
  readonly firmware: boolean;
  readonly kernel: boolean;
  /** What says that this boot is over: a line such as a kernel panic, or where it waits for a person. */
  readonly fatal: string | undefined;
  /** Bytes since this boot. */
  readonly written: number;
}

/** SeaBIOS and iPXE banners, UEFI's boot manager, the boot loaders of common images. */
const firmwareLine = /SeaBIOS|iPXE|UEFI|BdsDxe|EDK II|GRUB|SYSLINUX|Booting from|U-Boot/;
/** The first line of a Linux kernel, a time-stamped line of it, or its first userspace. */
const kernelLine =
  /Linux version \d|^\s*\[\s*\d+\.\d{6}\]|systemd\[1\]|Run \/init|Welcome to .*!|cloud-init\[\d+\]| login: /m;
const fatalLine =
  /^.*(Kernel panic - not syncing|No bootable device|BdsDxe: No bootable option|VFS: Unable to mount root fs|You are in emergency mode).*$/m;
/** A prompt at which a boot that has failed waits for a person: of UEFI's shell, of GRUB, of an initial RAM disk. */
const prompts: readonly (readonly [RegExp, string])[] = [
  [/^Shell> *$/m, 'UEFI found no boot loader on the disk, and waits in its shell'],
  [/^grub(?: rescue)?> *$/m, 'GRUB found no system, and waits at its prompt'],
  [/^\(initramfs\) *$/m, 'the kernel found no root file system, and waits in the shell of its initial RAM disk'],
];

/** Control sequences of ECMA-48 §5.4, operating-system commands, and lone control characters but tab and newline. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be removed
const control = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Console text as a person reads it: no control characters, no empty lines, the last so many. */
export function consoleTail(text: string, lines = 20): string[] {
  return text
    .replace(/\r+\n/g, '\n')
    .replaceAll('\r', '\n') // a redrawn line starts over
    .replace(control, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .slice(-lines);
}

/** Follows the serial log that QEMU writes, from an offset on; a file that is not there yet is an empty one. */
export class ConsoleWatch implements AsyncDisposable {
  readonly #path: string;
  #offset: number;
  #file: FileHandle | undefined;
  #recent = '';
  #firmware = false;
  #kernel = false;
  #written = 0;
  #fatal: string | undefined;

  /** @param offset where this boot begins in a log of several, in bytes */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  async look(): Promise<ConsoleReading> {
    this.#file ??= await openIfThere(this.#path);
    const buffer = Buffer.alloc(64 * 1024);
    while (this.#file) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      this.#written += bytesRead;
      this.#take(buffer.toString('utf8', 0, bytesRead));
    }
    return { firmware: this.#firmware, kernel: this.#kernel, fatal: this.#fatal, written: this.#written };
  }

  /** The last lines, for an error. */
  tail(lines = 20): string[] {
    return consoleTail(this.#recent, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  #take(text: string): void {
    this.#recent = (this.#recent + text).slice(-32 * 1024); // a line may come in two pieces
    this.#kernel ||= kernelLine.test(this.#recent);
    this.#firmware ||= this.#kernel || firmwareLine.test(this.#recent);
    this.#fatal ??= fatalLine.exec(this.#recent)?.[0].replace(control, '').trim() ?? this.#prompt();
  }

  #prompt(): string | undefined {
    const text = this.#recent.replaceAll('\r', '\n').replace(control, '');
    return prompts.find(([prompt]) => prompt.test(text))?.[1];
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
