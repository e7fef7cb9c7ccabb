import { GoqemuError } from '@goqemu/core';
import type { ArgumentContext } from './argument-context.ts';
import { optionText } from './option-text.ts';

/** Firmware, direct kernel boot and the boot menu. */
export function firmwareArguments({ config }: ArgumentContext): string[] {
  const { firmware, kernel, boot } = config;
  return [
    ...(firmware.kind === 'bios' ? biosArguments(firmware.path) : uefiArguments(firmware)),
    ...(kernel ? ['-kernel', kernel.path] : []),
    ...(kernel?.initrd ? ['-initrd', kernel.initrd] : []),
    ...(kernel?.commandLine ? ['-append', kernel.commandLine] : []),
    ...(kernel?.dtb ? ['-dtb', kernel.dtb] : []),
    ...(boot.menuMs === undefined ? [] : ['-boot', optionText(undefined, { menu: true, 'splash-time': boot.menuMs })]),
  ];
}

function biosArguments(path: string | undefined): string[] {
  return path ? ['-bios', path] : [];
}

function uefiArguments(firmware: { code?: string | undefined; variables?: string | undefined }): string[] {
  if (firmware.code === undefined) {
    throw new GoqemuError({
      code: 'firmware-missing',
      source: 'environment',
      subject: 'firmware.code',
      message: 'no UEFI firmware was found for this machine',
      hint: 'install it (Debian: ovmf or qemu-efi-aarch64; Fedora: edk2-ovmf), or give firmware.code its path',
    });
  }
  const code = { driver: 'raw', 'node-name': 'firmware-code', 'read-only': true };
  const variables = { driver: 'qcow2', 'node-name': 'firmware-variables', 'read-only': false };
  return [
    ...['-blockdev', JSON.stringify({ ...code, file: { driver: 'file', filename: firmware.code, 'read-only': true } })],
    ...(firmware.variables
      ? ['-blockdev', JSON.stringify({ ...variables, file: { driver: 'file', filename: firmware.variables } })]
      : []),
  ];
}
