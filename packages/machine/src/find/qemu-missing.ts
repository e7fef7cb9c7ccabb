import { GoqemuError, type HostPlatform } from '@goqemu/core';

const debianPackage: Readonly<Record<string, string>> = {
  x86_64: 'qemu-system-x86',
  i386: 'qemu-system-x86',
  aarch64: 'qemu-system-arm',
  arm: 'qemu-system-arm',
  ppc64: 'qemu-system-ppc',
  mips: 'qemu-system-mips',
  mips64: 'qemu-system-mips',
};

/** The command that installs QEMU on this host system. */
function installCommand(architecture: string, platform: HostPlatform): string {
  switch (platform.system) {
    case 'darwin':
      return 'brew install qemu';
    case 'win32':
      return 'winget install SoftwareFreedomConservancy.QEMU';
    default:
      return (
        `Debian, Ubuntu: sudo apt install ${debianPackage[architecture] ?? 'qemu-system-misc'} qemu-utils; ` +
        'Fedora: sudo dnf install qemu; Arch: sudo pacman -S qemu-full; Alpine: sudo apk add qemu-img ' +
        `qemu-system-${architecture}`
      );
  }
}

export function qemuMissing(
  binary: string,
  architecture: string,
  tried: readonly string[],
  platform: HostPlatform,
): GoqemuError {
  return new GoqemuError({
    code: 'qemu-missing',
    source: 'environment',
    subject: binary,
    message: `${binary} is not installed on this host`,
    detail: `looked in ${tried.join(', ')}`,
    hint: `install QEMU (${installCommand(architecture, platform)}), or give the path of the executable`,
    data: { binary, tried: [...tried] },
  });
}
