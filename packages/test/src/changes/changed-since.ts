import { type AskCall, askGuest } from '../ask/ask-guest.ts';
import type { TestedGuest } from '../tested-guest.ts';
import { changedSinceScript } from './manifest-script.ts';

/** What has a time of change in the last seconds, by the guest's own clock, at most `most` lines of it and how many more. */
export async function changedSince(
  guest: TestedGuest,
  { seconds, most }: { readonly seconds: number; readonly most: number },
  call: AskCall,
): Promise<{ readonly lines: readonly string[]; readonly more: number }> {
  const { stdout } = await askGuest(guest, call, { script: changedSinceScript, words: [seconds] });
  const lines = stdout.split('\n').filter(Boolean).sort();
  return { lines: lines.slice(0, most), more: Math.max(0, lines.length - most) };
}
