import { errorMessage, hasErrorCode, printable, scaledTimeout } from '@goqemu/core';
import { askGuest } from '../ask/ask-guest.ts';
import type { Baseline } from '../changes/baseline-types.ts';
import { changeLines } from '../changes/change-words.ts';
import { changedSince } from '../changes/changed-since.ts';
import { findChanges } from '../changes/find-changes.ts';
import { boundedText } from '../record/bounded-text.ts';
import type { ChangedFiles, MachineEvidence } from '../record/test-record.ts';
import type { TestedGuest } from '../tested-guest.ts';
import { inTime } from './in-time.ts';

/** Milliseconds for one question to a guest that may be in trouble; a walk through its disks takes the longest. */
const questionMs = 30_000;
const bounds = { first: 0, last: 65_536 };
const mostChanges = 500;

export interface LookedAt {
  readonly name: string;
  readonly state: string;
  readonly guest: TestedGuest;
  readonly baseline?: Baseline;
}

export interface Look {
  /** Since the test began. */
  readonly seconds: number;
  readonly mask: (text: string) => string;
  readonly readConsole: (signal: AbortSignal) => Promise<string>;
}

/** Bytes; a text console takes about 10 KiB, a desktop is left out. */
const largestPicture = 256 * 1024;

/** In base64; undefined for a machine without a display. */
async function screenPicture({ screen }: TestedGuest, signal: AbortSignal): Promise<string | undefined> {
  try {
    const png = await screen?.screenshot({ timeout: scaledTimeout(questionMs, process.env), signal });
    if (!png) return undefined;
    if (png.length <= largestPicture) return Buffer.from(png).toString('base64');
  } catch (error) {
    if (hasErrorCode(error, 'display-absent')) return undefined;
    throw error;
  }
  throw new Error('its picture is larger than 256 KiB');
}

const journalScript = `has journalctl || exit 0
journalctl --sync 2>/dev/null
journalctl --no-pager --quiet --output=short-precise --since="-$1s" | tail -c 131072`;

/** What a machine has to say after a failure. What it does not answer is said, and keeps nothing else from being read. */
export async function machineEvidence(
  machine: LookedAt,
  { seconds, mask, readConsole }: Look,
): Promise<MachineEvidence> {
  const { name, state, guest, baseline } = machine;
  const missing: string[] = [];
  const kept = (text: string) => boundedText(printable(mask(text)), bounds);
  const ask = async <T>(what: string, question: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    try {
      return await inTime(`${what} of ${name}`, questionMs, question);
    } catch (error) {
      missing.push(mask(`${what}: ${errorMessage(error)}`));
      return undefined;
    }
  };
  const ofGuest = async <T>(what: string, question: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    if (state === 'running') return ask(what, question);
    missing.push(`${what}: the machine is ${state}`);
    return undefined;
  };
  const call = (signal: AbortSignal) => ({ timeoutMs: scaledTimeout(questionMs, process.env), signal });
  const console = await ask('console', readConsole);
  const isShown = state === 'running' || state === 'paused';
  const screen = isShown ? await ask('screen', (signal) => screenPicture(guest, signal)) : undefined;
  const journal = await ofGuest(
    'journal',
    async (signal) => (await askGuest(guest, call(signal), { script: journalScript, words: [seconds] })).stdout,
  );
  const changes = await ofGuest('changes', async (signal): Promise<ChangedFiles> => {
    if (!baseline) {
      const found = await changedSince(guest, { seconds, most: mostChanges }, call(signal));
      return { by: 'times', ...found, lines: found.lines.map(kept) };
    }
    const found = await findChanges({ name, guest }, baseline, { packages: [], files: [] }, call(signal));
    const lines = changeLines(found).split('\n').filter(Boolean).map(kept);
    return { by: 'baseline', lines: lines.slice(0, mostChanges), more: Math.max(0, lines.length - mostChanges) };
  });
  return {
    ...{ name, status: state, missing },
    ...(screen ? { screen } : {}),
    ...(console ? { console: kept(console) } : {}),
    ...(journal ? { journal: kept(journal) } : {}),
    ...(changes ? { changes } : {}),
  };
}
