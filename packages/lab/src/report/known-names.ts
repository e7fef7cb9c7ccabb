import { dirname, join } from 'node:path';
import { folderNames } from '@goqemu/core';
import { allCheckpoints } from '../checkpoint/find-checkpoint.ts';
import { networkRows } from '../network/network-state.ts';
import type { LabState } from '../state/lab-state.ts';
import { readState } from '../state/read-state.ts';
import { FileStateStorage, type StorageFolders } from '../state/state-storage.ts';

/** What people call the things of a lab on a command line. */
export interface KnownNames {
  readonly machines: readonly string[];
  readonly templates: readonly string[];
  readonly networks: readonly string[];
  /** Manual ones first, the oldest first. */
  readonly checkpoints: readonly { readonly id: string; readonly name: string; readonly createdAt: string }[];
  /** All instances of the lab, forks among them. */
  readonly stacks: readonly string[];
}

/**
 * The names that the states in a lab's folder know, for completion: read from files alone, without the lab's program,
 * a lock or a backend. Which of several labs of one folder is meant is not asked: the names of all are given. A state
 * that cannot be read has none; commands on that lab report it.
 */
export async function knownNames(labFolder: string, stack = 'default'): Promise<KnownNames> {
  const states: LabState[] = [];
  const stacks = new Set<string>();
  for (const lab of await folderNames(join(labFolder, '.goqemu'))) {
    const stateFolder = join(labFolder, '.goqemu', lab, stack);
    for (const name of await folderNames(dirname(stateFolder))) stacks.add(name);
    const state = await stateIn({ stateFolder, labFolder, home: '', lab, stack }).catch(() => undefined);
    if (state) states.push(state);
  }
  const machines = states.flatMap((state) => Object.values(state.resources.machine));
  const named = (kind: string) => machines.flatMap(({ name, spec }) => (spec.kind === kind ? [name] : []));
  const checkpoints = states.flatMap((state) =>
    allCheckpoints(withoutPending(state)).map(({ id, description, createdAt }) => ({
      id,
      name: description,
      createdAt,
    })),
  );
  const networks = states.flatMap((state) => Object.keys(networkRows(state)));
  return { machines: named('vm'), templates: named('template'), networks, checkpoints, stacks: [...stacks].sort() };
}

async function stateIn(folders: StorageFolders): Promise<LabState | undefined> {
  const { lab, stack } = folders;
  const storage = new FileStateStorage(folders);
  const { state, exists } = await readState(storage, { lab, stack, backend: undefined }, () => '');
  return exists ? state : undefined;
}

/** Whether a cut that was begun counts is for the store to say, which is not asked here. */
function withoutPending(state: LabState): LabState {
  const checkpoints = Object.entries(state.checkpoints).filter(([, { pending }]) => pending !== true);
  return { ...state, checkpoints: Object.fromEntries(checkpoints) };
}
