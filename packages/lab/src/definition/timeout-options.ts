import type { Duration } from '@goqemu/core';
import type { TimeoutName } from '@goqemu/spec';

/**
 * How long the boot and the end of a machine may take: durations with their unit, or milliseconds. Those of a boot count the
 * guest's own time, without the time in which a busy host gave it no processor; `GOQEMU_TIMEOUT_SCALE` multiplies all.
 */
export interface TimeoutOptions extends Readonly<Partial<Record<TimeoutName, Duration>>> {
  /** From the process to the firmware's first words. @default '60 s' @example '5 min' */
  readonly firmware?: Duration;
  /** From there to the first line of the kernel. @default '2 min' @example '5 min' */
  readonly kernel?: Duration;
  /** From there to the answer of the guest's SSH server. @default '5 min' @example '10 min' */
  readonly sshBanner?: Duration;
  /** From there to the login, for which cloud-init makes the user. @default '2 min' @example '5 min' */
  readonly login?: Duration;
  /** From there to the end of cloud-init. @default '10 min' @example '30 min' */
  readonly cloudInit?: Duration;
  /** For the guest to shut down; then its QEMU is ended. @default '60 s' @example '5 min' */
  readonly stop?: Duration;
}
