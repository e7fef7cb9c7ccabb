import type { MachineSpec } from './machine-spec.ts';
import { type RamShapeProperty, ramShapeProperties } from './read-properties.ts';

/** Machines of equal shape can take on each other's RAM; any other difference costs a boot. */
export function ramShape(spec: Pick<MachineSpec, RamShapeProperty | 'display' | 'network'>): string {
  // The way into the host's network and the display are devices of their own; states hold shapes of machines without.
  const further = [...(spec.network ? [spec.network] : []), ...(spec.display ? ['display'] : [])];
  return [...ramShapeProperties.map((property) => spec[property]), ...further].join('/');
}
