import { machineProperties } from './machine-properties.ts';
import type { MachineProperty, PropertyOption } from './machine-property.ts';
import type { MachineSpec } from './machine-spec.ts';

/** All that is said of each property of a machine. */
export type PropertyTable = typeof machineProperties;
/** Name of a property of a machine. */
export type PropertyName = keyof PropertyTable;

/** The properties whose row has one of these values in a column. */
export type PropertyWith<Column extends keyof MachineProperty<unknown>, Value> = {
  [K in PropertyName]: PropertyTable[K][Column] extends Value ? K : never;
}[PropertyName];

/** Properties of a machine whose option has such a value for a member. */
export type OptionWith<Member extends keyof PropertyOption<unknown>, Value> = {
  [K in PropertyName]: PropertyTable[K]['option'] extends { readonly [M in Member]: Value } ? K : never;
}[PropertyName];

/** In the key of a machine that is ready. */
export type BaseKeyProperty = PropertyWith<'baseKey', number>;
/** In the shape of RAM. */
export type RamShapeProperty = PropertyWith<'ramShape', number>;
/** What a look at a running machine tells. */
export type ObservedProperty = PropertyWith<'observed', true>;
/** What is measured of a machine that is imported. */
export type MeasuredProperty = PropertyWith<'imported', 'measured'>;
/** What must be as in the lab in a machine that is imported. */
export type ImportedProperty = PropertyWith<'imported', 'equal' | 'measured'>;
/** What a running machine has that is to be imported; its architecture may be one that goqemu has no machines of. */
export type FoundProperties = Readonly<Omit<Pick<MachineSpec, ImportedProperty>, 'arch'>> & { readonly arch: string };
/** Without an option, open until the image is known. */
export type OpenProperty = OptionWith<'open', true>;
/** One value, set by the option of the same name. */
export type SimpleProperty = Exclude<OptionWith<'name', string>, OptionWith<'value', { readonly kind: 'compound' }>>;

/** The same, with a rule instead of a list of words or of `true` and `false`. */
export type RuledProperty = Exclude<SimpleProperty, OptionWith<'value', { readonly kind: 'choice' | 'flag' }>>;

/** The option that sets a property of a machine. */
export type NameOfOption<K extends PropertyName> = NonNullable<PropertyTable[K]['option']>['name'];
/** Every option that sets a property. */
export type PropertyOptionName = NameOfOption<OptionWith<'name', string>>;
/** Options that a machine in no lab takes, too. */
export type StandaloneOptionName = NameOfOption<OptionWith<'standalone', true>>;
/** Options that a machine with `from` does not take. */
export type FixedOptionName = NameOfOption<PropertyWith<'derived', 'fixed'>>;
/** Options that `ignoreChanges` may name. */
export type IgnorableOptionName = Exclude<PropertyOptionName, NameOfOption<OptionWith<'ignored', null>>>;

/** Rows as they are where a property is not known by name. */
export const propertyRows = Object.entries(machineProperties) as unknown as readonly (readonly [
  PropertyName,
  MachineProperty<unknown>,
])[];

/**
 * The value of a property that no option sets.
 *
 * @param machine its architecture; for the architecture itself, that of a machine which names none
 */
export function propertyDefault<K extends SimpleProperty>(
  property: K,
  machine: Pick<MachineSpec, 'arch'>,
): MachineSpec[K] | undefined {
  const { default: value } = machineProperties[property].option;
  return (typeof value === 'function' ? value(machine) : value) as MachineSpec[K] | undefined;
}

export const propertyNames = propertyRows.map(([name]) => name);

export function propertyRow(name: PropertyName): MachineProperty<unknown> {
  return machineProperties[name] as unknown as MachineProperty<unknown>;
}

/** The properties with one of these values in a column, in the order of the table. */
export function propertiesWith<
  Column extends keyof MachineProperty<unknown>,
  const Value extends MachineProperty<unknown>[Column],
>(column: Column, ...values: readonly Value[]): readonly PropertyWith<Column, Value>[] {
  const found = propertyRows.filter(([, row]) => values.some((value) => row[column] === value));
  return found.map(([name]) => name) as unknown as readonly PropertyWith<Column, Value>[];
}

function byPlace<Column extends 'baseKey' | 'ramShape'>(column: Column): readonly PropertyWith<Column, number>[] {
  return propertyRows
    .filter(([, row]) => row[column] !== null)
    .sort(([, a], [, b]) => Number(a[column]) - Number(b[column]))
    .map(([name]) => name as PropertyWith<Column, number>);
}

export const baseKeyProperties = byPlace('baseKey');
export const ramShapeProperties = byPlace('ramShape');

/** One value each, and the option of the same name. */
export const simpleProperties = propertyRows
  .filter(([, { option }]) => option && option.value.kind !== 'compound')
  .map(([name]) => name as SimpleProperty);

/** Properties whose numbers are bytes. */
export const sizeProperties: ReadonlySet<string> = new Set(
  propertyRows.filter(([, { option }]) => option?.value.kind === 'size').map(([name]) => name),
);

export function pickProperties<K extends PropertyName>(machine: Pick<MachineSpec, K>, names: readonly K[]) {
  const named = names.flatMap((name) => (machine[name] === undefined ? [] : [[name, machine[name]] as const]));
  return Object.fromEntries(named) as Pick<MachineSpec, K>;
}

/** The rows that plans show of some properties of a machine. */
export function shownProperties<K extends PropertyName>(
  machine: Partial<Pick<MachineSpec, K | 'identity' | 'network' | 'wayOut'>>,
  names: readonly K[],
): Readonly<Record<string, unknown>> {
  return Object.assign(
    {},
    ...names.map((name) => propertyRow(name).show?.(machine[name], machine) ?? { [name]: machine[name] }),
  );
}

/** A machine with what another description of it says of all that changes without a restart. */
export function withLive(machine: MachineSpec, wanted: MachineSpec): MachineSpec {
  return { ...withCards(machine, wanted), forwards: wanted.forwards };
}

/** A machine with what another description of it says of its networks. */
export function withCards(machine: MachineSpec, { networks, identity: { cards } }: MachineSpec): MachineSpec {
  const { networks: _networks, identity, ...rest } = machine;
  const { cards: _cards, ...own } = identity;
  return { ...rest, identity: cards ? { ...own, cards } : own, ...(networks ? { networks } : {}) };
}
