import { createHash } from 'node:crypto';

/** Numbers from 0 up to but not including 1. */
export type Random = () => number;

/**
 * The same numbers for the same words: mulberry32, seeded by their digest. For decisions about frames, where speed counts
 * and secrecy does not.
 */
export function seededRandom(...words: readonly (string | number)[]): Random {
  let state = createHash('sha256').update(JSON.stringify(words)).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
