import type { ThrottleLimits } from '../configuration/drive.ts';

/** Limits as QEMU's `ThrottleLimits` names them (docs/throttle.txt). */
export function throttleProperties(limits: ThrottleLimits): Record<string, number> {
  return {
    'iops-total': limits.iopsTotal ?? 0,
    'iops-read': limits.iopsRead ?? 0,
    'iops-write': limits.iopsWrite ?? 0,
    'bps-total': limits.bytesTotal ?? 0,
    'bps-read': limits.bytesRead ?? 0,
    'bps-write': limits.bytesWrite ?? 0,
  };
}
