import type { Architecture } from './architecture.ts';

/** A version of QEMU. */
export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  /** As QEMU says it, with the distribution's package: `7.2.22 (Debian 1:7.2+dfsg-7)`. */
  readonly text: string;
}

/** A machine type that a QEMU has. */
export interface MachineTypeFact {
  readonly name: string;
  readonly alias?: string;
  readonly isDefault: boolean;
  readonly maximumCpus: number;
}

/** What one binary can do, as it says itself over QMP. Plain JSON, for the cache. */
export interface QemuFeatures {
  readonly machines: readonly MachineTypeFact[];
  /** False when QEMU could not be asked for every type: then `devices` and `objects` hold those that goqemu uses. */
  readonly complete: boolean;
  /** Names for `-device`, CPU models included as `<model>-<arch>-cpu`. */
  readonly devices: readonly string[];
  /** Names for `-object`. */
  readonly objects: readonly string[];
  /** Names for `-accel` that were compiled in; that one runs a guest is another question. */
  readonly accelerators: readonly string[];
  readonly netdevs: readonly string[];
  readonly blockDrivers: readonly string[];
  readonly displays: readonly string[];
  /** Options of the command line that have arguments: `sandbox`, `spice`, `vnc`, … */
  readonly options: readonly string[];
  readonly migrationCapabilities: readonly string[];
  readonly commands: readonly string[];
  /** `-device` takes JSON (QEMU 6.2). */
  readonly deviceJson: boolean;
  /** `-netdev` takes JSON (QEMU 7.2). */
  readonly netdevJson: boolean;
}

/** A QEMU that was found on this host. */
export interface QemuInstallation {
  readonly arch: Architecture;
  readonly systemPath: string;
  /** `qemu-img` beside it or on the search path. */
  readonly imgPath?: string;
  readonly firmwareFolder?: string;
  readonly version: QemuVersion;
  readonly features: QemuFeatures;
}

/** True when the binary is at least of this version. */
export function isAtLeast(version: QemuVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
