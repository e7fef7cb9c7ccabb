import { machineProperties, propertyDefault, type SimpleProperty, simpleProperties } from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { MachineOptionChecks } from './check-machine-options.ts';
import type { MachineDeclaration } from './lab.ts';

type Settings = Pick<MachineDeclaration, SimpleProperty>;

/**
 * The properties that are one value each: as the lab writes them, else as the machine in `from` has them, else their
 * defaults. They are read in the order of the table, because a default may depend on one before it.
 */
export function readProperties(
  check: MachineOptionChecks,
  options: MachineOptions,
  base: Settings | undefined,
): Settings {
  const read: Partial<Settings> = {};
  for (const property of simpleProperties)
    Object.assign(read, { [property]: readProperty(property, { check, options, base, read }) });
  return read as Settings;
}

function readProperty(
  property: SimpleProperty,
  {
    check,
    options,
    base,
    read,
  }: {
    readonly check: MachineOptionChecks;
    readonly options: MachineOptions;
    readonly base: Settings | undefined;
    readonly read: Partial<Settings>;
  },
): unknown {
  const { derived } = machineProperties[property];
  if (base && derived === 'fixed') return base[property];
  const written: unknown = options[property];
  if (written !== undefined) return check.value(property, written);
  if (base && derived === 'default') return base[property];
  return propertyDefault(property, read);
}
