import { hostProcessorMeter, type ProcessIdentity, timeoutScale } from '@goqemu/core';
import type { ReadinessOptions } from '@goqemu/guest';
import { defaultStopTimeouts, type StopTimeouts } from '@goqemu/machine';
import type { MachineTimeouts } from '@goqemu/spec';
import type { VmHost } from '../vm/vm-host.ts';

type Host = Pick<VmHost, 'platform'>;

/** How long the stages of a boot may take, and what tells how much of the host's processors the machine has meanwhile. */
export function bootLimits(
  { platform }: Host,
  { pid }: ProcessIdentity,
  { firmware, kernel, sshBanner, login, cloudInit }: MachineTimeouts,
): Pick<ReadinessOptions, 'timeouts' | 'timeoutScale' | 'processor'> {
  const stages = { firmware, kernel, 'ssh-banner': sshBanner, login, 'cloud-init': cloudInit };
  const meter = hostProcessorMeter(platform.system);
  return {
    timeouts: Object.fromEntries(Object.entries(stages).filter(([, limit]) => limit !== undefined)),
    timeoutScale: timeoutScale(platform.env),
    processor: { everyMs: meter.everyMs, look: () => meter.of(pid) },
  };
}

/** How long each way of ending a machine may take: the guest's own share its time between agent and ACPI. */
export function stopLimits({ platform }: Host, { stop }: MachineTimeouts): StopTimeouts {
  const scale = timeoutScale(platform.env);
  const half = stop === undefined ? {} : { 'guest-agent': stop / 2, acpi: stop / 2 };
  const limits = Object.entries({ ...defaultStopTimeouts, ...half });
  return Object.fromEntries(limits.map(([rung, limit]) => [rung, Math.ceil(limit * scale)])) as StopTimeouts;
}
