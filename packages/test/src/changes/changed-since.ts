import { type AskCall, askGuest } from '../ask/ask-guest.ts';
import type { TestedGuest } from '../tested-guest.ts';
import { changedSinceScript } from './manifest-script.ts';

export interface ChangedSince {
  readonly seconds: number;
  /** Lines that are returned. */
  readonly most: number;
  /** Only what is at and below these absolute paths. @default all disks */
  readonly within?: readonly string[];
}

/** What has a time of change in the last seconds, by the guest's own clock, and how many lines more. */
export async function changedSince(
  guest: TestedGuest,
  { seconds, most, within = [] }: ChangedSince,
  call: AskCall,
): Promise<{ readonly lines: readonly string[]; readonly more: number }> {
  const { stdout } = await askGuest(guest, call, { script: changedSinceScript, words: [seconds, ...within] });
  const lines = stdout.split('\n').filter(Boolean).sort();
  return { lines: lines.slice(0, most), more: Math.max(0, lines.length - most) };
}
