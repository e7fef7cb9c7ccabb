import { dirname } from 'node:path';
import { type ErrorCode, GoqemuError, schemaMismatch } from '@goqemu/core';
import { type JournalEntry, readJournal } from '../journal/journal.ts';
import { copyState, type LabState, patchInPlace, stateFormat, stateVersion } from './lab-state.ts';
import { migratePatch, migrateState } from './migrations.ts';
import { stateSchema } from './state-schema.ts';
import type { StateStorage, StoredFile } from './state-storage.ts';
import { isUnchanged } from './state-text.ts';

export interface StateOwner {
  readonly lab: string;
  readonly stack: string;
  /** Undefined for a reader to whom each is right. */
  readonly backend: string | undefined;
}

/** The state as the files tell it: the last save, and the journal since. */
export interface ReadState {
  readonly state: LabState;
  /** False when neither a state nor a journal is there. */
  readonly exists: boolean;
  /** Number of sound journal entries. */
  readonly journal: number;
  /** Bytes follow the last sound entry: a crash tore it. */
  readonly torn: boolean;
  /** state.json was unreadable or gone, and was rebuilt from the save before it. */
  readonly healed: boolean;
  /** state.json is of this version: an older goqemu refuses it, and what is journalled beside it. */
  readonly isCurrent: boolean;
}

export function emptyState(owner: StateOwner, lineage: string): LabState {
  return {
    format: stateFormat,
    version: stateVersion,
    lab: owner.lab,
    stack: owner.stack,
    lineage,
    serial: 0,
    backend: owner.backend ?? '',
    savedAt: new Date(0).toISOString(),
    resources: { machine: {} },
    layers: {},
    captures: {},
    checkpoints: {},
    secrets: {},
    runs: {},
    durations: {},
    outputs: {},
  };
}

/** A state as its file has it, and whether the file is of this version. */
interface ParsedBase {
  readonly state: LabState;
  readonly isCurrent: boolean;
}

/** The last text that was parsed: a command reads the state for evaluation and again for the plan. */
export interface ParsedState {
  text?: string;
  base?: ParsedBase;
}

/**
 * Reads without a lock; writers replace files whole, so a reader sees one save or the next.
 *
 * @throws GoqemuError `state-invalid`, `state-newer`, `state-foreign`
 */
export async function readState(
  storage: StateStorage,
  owner: StateOwner,
  newLineage: () => string,
  parsed: ParsedState = {},
): Promise<ReadState> {
  // The journal first: a save between the two reads then leaves a journal that the newer state already holds.
  const journalText = (await storage.read('journal')) ?? '';
  const stateText = await storage.read('state');
  const entries = readJournal(journalText);
  const open = entries[0]?.kind === 'open' ? entries[0] : undefined;
  const torn =
    entries.length < journalText.split('\n').length - 1 || (journalText !== '' && !journalText.endsWith('\n'));
  let healed = false;
  let isCurrent = false;
  let base: LabState;
  if (stateText === undefined && (open === undefined || open.serial === 0)) {
    const rebuilt = open ? undefined : await rebuild(storage, owner);
    if (!open && !rebuilt)
      return { state: emptyState(owner, newLineage()), exists: false, journal: 0, torn, healed, isCurrent };
    healed = rebuilt !== undefined;
    base = rebuilt ?? emptyState(owner, open?.lineage ?? newLineage());
  } else {
    try {
      const known = parsed.text === stateText ? parsed.base : undefined;
      const found = known ?? parseState(stateText ?? '', storage.path('state'));
      if (!known && stateText !== undefined) Object.assign(parsed, { text: stateText, base: found });
      base = found.state;
      isCurrent = found.isCurrent;
    } catch (error) {
      const rebuilt = isUnreadable(error) ? await rebuild(storage, owner) : undefined;
      if (!rebuilt) throw error;
      base = rebuilt;
      healed = true;
    }
  }
  checkOwner(base, owner, storage.path('state'));
  if (open && open.lineage !== base.lineage) {
    throw stateError(
      'state-foreign',
      'journal',
      storage,
      `belongs to another lineage (${open.lineage}) than the state (${base.lineage})`,
    );
  }
  // A crash between the save and the journal's removal leaves a journal that the save already holds.
  if (!open || open.serial < base.serial)
    return { state: base, exists: true, journal: 0, torn: journalText !== '', healed, isCurrent };
  if (open.serial > base.serial) {
    throw stateError(
      'state-foreign',
      'journal',
      storage,
      `continues from serial ${open.serial}, but the state is at ${base.serial}`,
    );
  }
  return { state: replay(base, entries), exists: true, journal: entries.length, torn, healed, isCurrent };
}

export function replay(state: LabState, entries: readonly JournalEntry[]): LabState {
  const copy = copyState(state);
  let version = 1;
  for (const entry of entries) {
    if (entry.kind === 'open') version = entry.version ?? 1;
    else patchInPlace(copy, migratePatch(entry.patch, version));
  }
  return copy;
}

/** The save before the last, with its journal, gives the last save again. */
async function rebuild(storage: StateStorage, owner: StateOwner): Promise<LabState | undefined> {
  const [before, journalText = ''] = await Promise.all([storage.read('state-before'), storage.read('journal-before')]);
  const entries = readJournal(journalText);
  const open = entries[0];
  if (open?.kind !== 'open') return undefined;
  const base =
    before === undefined ? emptyState(owner, open.lineage) : parseState(before, storage.path('state-before')).state;
  if (open.serial !== base.serial || open.lineage !== base.lineage) return undefined;
  return { ...replay(base, entries), serial: base.serial + 1 };
}

function parseState(text: string, path: string): ParsedBase {
  const value = parseText(text, path);
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > stateVersion) {
    throw new GoqemuError({
      code: 'state-newer',
      source: 'environment',
      subject: path,
      message: `the state was written by a newer goqemu: version ${version}, this one knows ${stateVersion}`,
      location: { file: path },
      hint: 'update goqemu: npm install -g goqemu@latest',
    });
  }
  const checked = stateSchema.safeParse(migrateState(value));
  if (checked.success) return { state: checked.data as unknown as LabState, isCurrent: version === stateVersion };
  throw invalid({ path, message: `the state is damaged: ${path}`, detail: schemaMismatch(checked.error) });
}

function parseText(text: string, path: string): unknown {
  if (!isUnchanged(text))
    throw invalid({ path, message: `the state is damaged: ${path}`, detail: 'its checksum is of another text' });
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw invalid({ path, message: `the state is not JSON: ${path}`, detail, cause: error });
  }
}

interface Invalid {
  readonly path: string;
  readonly message: string;
  readonly detail: string;
  readonly cause?: unknown;
}

function invalid({ path, ...more }: Invalid): GoqemuError {
  return new GoqemuError({
    code: 'state-invalid',
    source: 'environment',
    subject: path,
    location: { file: path },
    hint: noWayBack(path),
    ...more,
  });
}

/** The save before it is damaged too, or there was none. */
function noWayBack(path: string): string {
  return `nothing was changed and the machines are as they were; put back a copy of the file, or delete ${dirname(path)}: goqemu doctor then shows how to remove what the lab left behind`;
}

function isUnreadable(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'state-invalid';
}

function checkOwner(state: LabState, owner: StateOwner, path: string): void {
  for (const part of ['lab', 'stack', 'backend'] as const) {
    if (owner[part] === undefined || state[part] === owner[part]) continue;
    throw new GoqemuError({
      code: 'state-foreign',
      source: 'environment',
      subject: path,
      message: `the state belongs to the ${part} "${state[part]}", not to "${owner[part]}": ${path}`,
      location: { file: path },
      hint: `put this lab’s own state there; or delete ${path}, and goqemu rebuilds the state from the save before it`,
    });
  }
}

function stateError(code: ErrorCode, file: StoredFile, storage: StateStorage, what: string): GoqemuError {
  const path = storage.path(file);
  return new GoqemuError({
    code,
    source: 'environment',
    subject: path,
    message: `the ${file} ${what}: ${path}`,
    location: { file: path },
    hint: `nothing was changed; put back the files that belong together, or delete ${path} to use the other`,
  });
}
