import { type StatePatch, stateVersion } from './lab-state.ts';

type Table = Readonly<Record<string, unknown>>;
type Migration = (state: Table) => Record<string, unknown>;

/** From a version to the next. */
const migrations: Readonly<Record<number, Migration>> = {
  // Machines became one kind of resource; a checkpoint no longer says what it stands on.
  1: (state) => ({ ...withResources(state), version: 2 }),
};

/** Brings a state of an older goqemu to this version's form; what is no state at all is left to the schema. */
export function migrateState(value: unknown): unknown {
  let state = value;
  for (;;) {
    const version = (state as { version?: unknown } | null)?.version;
    const migration = typeof version === 'number' && version < stateVersion ? migrations[version] : undefined;
    if (!migration) return state;
    state = migration(state as Record<string, unknown>);
  }
}

/** Brings a change in the journal of an older goqemu to this version's form. */
export function migratePatch(patch: StatePatch, version: number): StatePatch {
  return version < 2 ? (withResources(patch as Table) as StatePatch) : patch;
}

function withResources({ machines, ...rest }: Table): Record<string, unknown> {
  return { ...rest, ...(machines === undefined ? {} : { resources: { machine: machines } }) };
}
