import { statSync } from 'node:fs';
import { join } from 'node:path';
import { folderNames, GoqemuError, parseJson, readOwnFile, readOwnText, removeTree, removeTwice } from '@goqemu/core';
import * as z from 'zod/mini';

/** Where the state of a lineage was when it was last written to, as goqemu's own folder remembers it. */
export interface KnownState {
  readonly lineage: string;
  readonly lab: string;
  readonly stack: string;
  readonly stateFolder: string;
  /** False when there is no state there any more, or that of another lineage. */
  readonly isThere: boolean;
}

/** One that cannot be read belongs to no lineage: its owner will rewrite it. */
const noteSchema = z.object({ version: z.literal(1), lab: z.string(), stack: z.string(), stateFolder: z.string() });

/** The file that says where the state of a lineage is: it identifies what is left of a lab whose state is gone. */
export function stateNotePath(home: string, lineage: string): string {
  return join(home, 'states', `${lineage}.json`);
}

export function stateNote(place: Pick<KnownState, 'lab' | 'stack' | 'stateFolder'>): string {
  const { lab, stack, stateFolder } = place;
  return `${JSON.stringify({ version: 1, lab, stack, stateFolder }, null, 1)}\n`;
}

function readNote(home: string, lineage: string): Pick<KnownState, 'lab' | 'stack' | 'stateFolder'> | undefined {
  const note = noteSchema.safeParse(parseJson(readOwnText(stateNotePath(home, lineage)) ?? ''));
  if (!note.success) return undefined;
  const { lab, stack, stateFolder } = note.data;
  return { lab, stack, stateFolder };
}

/**
 * Refuses a state that was copied: the machines are those of the first, and an apply or a destroy of the copy would
 * change or delete them. One that was moved is the first itself.
 *
 * @throws GoqemuError `state-copied`
 */
export function refuseCopy(home: string, lineage: string, stateFolder: string): void {
  const first = readNote(home, lineage)?.stateFolder;
  if (first === undefined || first === stateFolder || !holds(first, lineage) || isSameFolder(first, stateFolder))
    return;
  throw new GoqemuError({
    code: 'state-copied',
    source: 'user',
    subject: stateFolder,
    message: `this lab is a copy: its machines belong to the state in ${first}`,
    location: { file: stateFolder },
    hint: `to make machines of its own here, remove ${stateFolder}; to continue here with those of the first, remove ${first}`,
  });
}

/** The file in a state's folder that says which folder of goqemu its machines are in. */
export function homeNotePath(stateFolder: string): string {
  return join(stateFolder, 'home.json');
}

const homeSchema = z.object({ version: z.literal(1), home: z.string().check(z.regex(/^[^\0]+$/)) });

export function homeNote(home: string): string {
  return `${JSON.stringify({ version: 1, home }, null, 1)}\n`;
}

/**
 * Refuses a state whose machines are in another folder of goqemu, as when `GOQEMU_HOME` is set in one terminal and not in
 * the next: none of them would be found, and an apply would make new ones and leave those running without a state.
 *
 * @throws GoqemuError `state-elsewhere`
 */
export function refuseOtherHome(home: string, lineage: string, stateFolder: string): void {
  const note = homeSchema.safeParse(parseJson(readOwnText(homeNotePath(stateFolder)) ?? ''));
  if (!note.success) return; // none, or damaged: the next change writes it
  const other = note.data.home;
  if (other === home || isSameFolder(other, home)) return;
  const noted = readNote(other, lineage)?.stateFolder;
  if (noted === undefined || !(noted === stateFolder || isSameFolder(noted, stateFolder))) return;
  throw new GoqemuError({
    code: 'state-elsewhere',
    source: 'user',
    subject: stateFolder,
    message: `the machines of this lab are in ${other}, and this command looks for them in ${home}`,
    location: { file: stateFolder },
    hint: `set GOQEMU_HOME to ${other}; to leave them there, and make new ones here, remove ${stateFolder}`,
  });
}

/** One folder may have two paths: a symbolic link, or a mount. */
function isSameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Every state that was written to from this folder of goqemu. */
export async function knownStates(home: string): Promise<readonly KnownState[]> {
  const states: KnownState[] = [];
  for (const name of await folderNames(join(home, 'states'))) {
    const lineage = /^([0-9a-f]{12})\.json$/.exec(name)?.[1];
    if (lineage === undefined) continue;
    const note = readNote(home, lineage);
    if (note) states.push({ lineage, ...note, isThere: holds(note.stateFolder, lineage) });
  }
  return states;
}

/** Removes what goqemu's own folder keeps for a state that is gone: where it was, and the key of its secrets. */
export async function forgetState(home: string, lineage: string): Promise<void> {
  await removeTree(stateNotePath(home, lineage));
  await removeTwice(join(home, 'keys', `${lineage}.state-key`));
}

/**
 * A damaged state may name its lineage in one of its files alone, and is one all the same. What cannot be read is not
 * taken for gone.
 */
function holds(stateFolder: string, lineage: string): boolean {
  return ['state.json', 'journal.ndjson', 'state.before.json', 'journal.before.ndjson'].some((name) => {
    const file = readOwnFile(join(stateFolder, name));
    return file !== undefined && ('damage' in file || file.text.includes(`"${lineage}"`));
  });
}
