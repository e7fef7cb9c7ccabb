import { argumentDifference } from '@goqemu/machine';
import type { RamCompatibility } from './layer-manifest.ts';

/**
 * The first difference that keeps RAM from being restored, in words; undefined when there is none.
 *
 * @param planned the arguments of the QEMU that would be started; asked for when all else is equal
 */
export function ramDifference(
  layer: RamCompatibility,
  machine: Omit<RamCompatibility, 'arguments'>,
  planned: () => readonly string[],
): string | undefined {
  const { devices, arguments: before, ...facts } = layer;
  for (const field of Object.keys(facts) as (keyof typeof facts)[])
    if (facts[field] !== machine[field]) return `${field} was ${facts[field]} and is now ${machine[field]}`;
  if (before) return argumentDifference(before, planned());
  return devices === machine.devices ? undefined : 'the devices differ';
}
