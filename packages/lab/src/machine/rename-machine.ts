import { copyState, type LabState, patchInPlace, type StatePatch } from '../state/lab-state.ts';

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Machines of the lab that go by another name in the state. One that has a row of its own has been renamed already. */
export function renamesOf(
  recorded: Readonly<Record<string, unknown>>,
  declared: readonly { readonly name: string; readonly renamedFrom: string | undefined }[],
): readonly Rename[] {
  const claimed = new Set<string>();
  return declared.flatMap(({ name, renamedFrom }) => {
    if (renamedFrom === undefined || Object.hasOwn(recorded, name) || !Object.hasOwn(recorded, renamedFrom)) return [];
    if (claimed.has(renamedFrom)) return [];
    claimed.add(renamedFrom);
    return [{ from: renamedFrom, to: name }];
  });
}

/** What a rename changes in the state; the machine itself keeps the name that the backend knows it by. */
export function renamePatch(state: LabState, { from, to }: Rename): StatePatch {
  const machine = state.resources.machine[from];
  const checkpoints = Object.values(state.checkpoints).flatMap((checkpoint) => {
    const { [from]: mine, ...others } = checkpoint.machines;
    return mine ? [[checkpoint.id, { ...checkpoint, machines: { ...others, [to]: mine } }] as const] : [];
  });
  const layers = Object.entries(state.layers).flatMap(([key, note]) =>
    note.machine === from ? [[key, { ...note, machine: to }] as const] : [],
  );
  return {
    resources: { machine: { [from]: null, ...(machine ? { [to]: { ...machine, name: to } } : {}) } },
    checkpoints: Object.fromEntries(checkpoints),
    layers: Object.fromEntries(layers),
  };
}

/** The state as it will be when the renames have been written. */
export function withRenames(state: LabState, renames: readonly Rename[]): LabState {
  if (renames.length === 0) return state;
  const copy = copyState(state);
  for (const rename of renames) patchInPlace(copy, renamePatch(copy, rename));
  return copy;
}
