import { stateVersion } from './lab-state.ts';

type Migration = (state: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** From a version to the next. The first released version is 1: there is nothing to migrate from yet. */
const migrations: Readonly<Record<number, Migration>> = {};

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
