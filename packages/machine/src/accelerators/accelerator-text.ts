import { GoqemuError, type HostPlatform } from '@goqemu/core';
import type { Accelerator } from '../configuration/machine-config.ts';
import { isAtLeast, type QemuInstallation } from '../find/installation.ts';

/** The environment variable whose value stands in place of goqemu's own options of WHPX. */
const name = 'GOQEMU_WHPX_OPTIONS';

/**
 * An accelerator as `-accel` takes it. Of WHPX on x86 the interrupt controllers in the hypervisor are left off: with them,
 * QEMU's default since 5.2, many versions of Windows stop at “WHPX: injection failed” or hang. QEMU 11.0 and newer choose by
 * what they find, and on ARM there is no other.
 *
 * @throws GoqemuError `accelerator-options-invalid`
 */
export function acceleratorText(
  accelerator: Accelerator,
  { arch, version }: Pick<QemuInstallation, 'arch' | 'version'>,
  { env }: Pick<HostPlatform, 'env'>,
): string {
  if (accelerator !== 'whpx') return accelerator;
  const own = arch === 'x86_64' && isAtLeast(version, 5, 2) && !isAtLeast(version, 11, 0);
  const wanted = env[name]?.trim();
  if (wanted !== undefined && !/^(?:[\w-]+=[\w.-]+(?:,[\w-]+=[\w.-]+)*)?$/.test(wanted)) throw invalid(wanted);
  const options = wanted ?? (own ? 'kernel-irqchip=off' : '');
  return options === '' ? accelerator : `${accelerator},${options}`;
}

function invalid(text: string): GoqemuError {
  return new GoqemuError({
    code: 'accelerator-options-invalid',
    source: 'user',
    subject: name,
    message: `${name} must be options of QEMU's -accel whpx, such as kernel-irqchip=on, got ${JSON.stringify(text)}`,
    hint: 'leave it out for what goqemu chooses, or set it to nothing for what QEMU chooses',
  });
}
