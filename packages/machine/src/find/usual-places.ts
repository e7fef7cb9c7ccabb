import { posix, win32 } from 'node:path';
import type { HostPlatform } from '@goqemu/core';

/** Where QEMU's executables lie, in the order in which they are tried: `PATH`, then the host system's usual folders. */
export function binaryFolders(platform: HostPlatform): string[] {
  const separator = platform.system === 'win32' ? ';' : ':';
  const path = platform.env.PATH ?? platform.env.Path ?? '';
  // A relative entry would run whatever lies in the folder one happens to stand in.
  const entries = path.split(separator).filter((entry) => pathOf(platform).isAbsolute(entry));
  return [...new Set([...entries, ...usualFolders(platform)])];
}

/** `node:path` of the platform that is asked about, which in tests is not the one that runs. */
export function pathOf(platform: HostPlatform): typeof posix {
  return platform.system === 'win32' ? win32 : posix;
}

function usualFolders(platform: HostPlatform): string[] {
  switch (platform.system) {
    case 'darwin':
      // Homebrew on Apple silicon, Homebrew on Intel, MacPorts.
      return ['/opt/homebrew/bin', '/usr/local/bin', '/opt/local/bin'];
    case 'win32':
      return [platform.env.ProgramFiles, platform.env.ProgramW6432, 'C:\\Program Files']
        .filter((folder): folder is string => Boolean(folder))
        .map((folder) => win32.join(folder, 'qemu'))
        .concat('C:\\msys64\\ucrt64\\bin', 'C:\\msys64\\mingw64\\bin');
    default:
      // Red Hat keeps qemu-kvm in libexec; distri keeps each package in a folder of its own.
      return ['/usr/bin', '/usr/local/bin', '/usr/libexec', '/pkg/main/app-emulation.qemu.core/bin'];
  }
}

/** Where the firmware files (`bios-256k.bin`, `edk2-x86_64-code.fd`, …) of a binary usually lie. */
export function firmwareFolders(systemPath: string, platform: HostPlatform): string[] {
  const path = pathOf(platform);
  const folder = path.dirname(systemPath);
  const prefix = path.dirname(folder);
  return platform.system === 'win32'
    ? [path.join(folder, 'share'), folder]
    : [
        path.join(prefix, 'share', 'qemu'),
        path.join(prefix, 'share', 'seabios'),
        '/usr/share/qemu',
        '/usr/share/seabios',
      ];
}
