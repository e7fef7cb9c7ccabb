import {
  type Architecture,
  machineProperties,
  propertyDefault,
  type SimpleProperty,
  simpleProperties,
} from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { MachineOptionChecks } from './check-machine-options.ts';
import type { MachineDeclaration } from './lab.ts';

type Settings = Pick<MachineDeclaration, SimpleProperty>;

/** What the properties of one machine are read from. */
interface Given {
  readonly check: MachineOptionChecks;
  readonly options: MachineOptions;
  /** The machine in `from`. */
  readonly base: Settings | undefined;
}

/**
 * The properties that are one value each: as the lab writes them, else as the machine in `from` has them, else their
 * defaults. They are read in the order of the table, because a default may depend on one before it.
 *
 * @param usual the architecture of a machine that names none
 */
export function readProperties(given: Given, usual: Architecture): Settings {
  const read: Partial<Settings> & Pick<Settings, 'arch'> = { arch: usual };
  for (const property of simpleProperties) Object.assign(read, { [property]: readProperty(property, given, read) });
  return read as Settings;
}

function readProperty(
  property: SimpleProperty,
  { check, options, base }: Given,
  read: Pick<Settings, 'arch'>,
): unknown {
  const { derived } = machineProperties[property];
  if (base && derived === 'fixed') return base[property];
  const written: unknown = options[property];
  if (written !== undefined) return check.value(property, written);
  if (base && derived === 'default') return base[property];
  return propertyDefault(property, read);
}
