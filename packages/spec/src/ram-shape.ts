import type { MachineSpec } from './machine-spec.ts';
import { type RamShapeProperty, ramShapeProperties } from './read-properties.ts';

/** Machines of equal shape can take on each other's RAM; any other difference costs a boot. */
export function ramShape(spec: Pick<MachineSpec, RamShapeProperty | 'network'>): string {
  // The way into the host's network is another device; states hold shapes of machines without it.
  return [...ramShapeProperties.map((property) => spec[property]), ...(spec.network ? [spec.network] : [])].join('/');
}
