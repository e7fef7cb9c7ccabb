import type { MachineSpec } from './machine-spec.ts';
import { type RamShapeProperty, ramShapeProperties } from './read-properties.ts';

/** Machines of equal shape can take on each other's RAM; any other difference costs a boot. */
export function ramShape(spec: Pick<MachineSpec, RamShapeProperty>): string {
  return ramShapeProperties.map((property) => spec[property]).join('/');
}
