import { type MachineSpec, pickProperties, type RamShapeProperty, ramShapeProperties } from '@goqemu/spec';

/** What the shape of RAM says beside the devices: those tell the firmware. */
export type RamFact = Exclude<RamShapeProperty, 'firmware'>;

const facts = ramShapeProperties.filter((property): property is RamFact => property !== 'firmware');

/** @param accelerator the one that is used, not the one that was asked for */
export function ramFacts(
  spec: Pick<MachineSpec, RamFact>,
  accelerator: string,
): Omit<Pick<MachineSpec, RamFact>, 'accelerator'> & { readonly accelerator: string } {
  return { ...pickProperties(spec, facts), accelerator };
}
