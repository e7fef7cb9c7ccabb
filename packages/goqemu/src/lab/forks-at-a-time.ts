import { formatByteSize } from '@goqemu/core';
import type { ForkRoom } from '@goqemu/lab';
import type { CommandContext } from '../shell/command-context.ts';

export interface WantedForks {
  readonly wanted: number;
  /** Of each lab that has forks. */
  readonly rooms: readonly ForkRoom[];
  /** What each is for, in the plural. */
  readonly what: string;
}

/** As many as are wanted, or as the host's memory holds, which is said; at least 1. */
export function forksAtATime({ tell }: Pick<CommandContext, 'tell'>, { wanted, rooms, what }: WantedForks): number {
  const [tightest] = rooms
    .filter(({ needed }) => needed > 0)
    .map((room) => ({ ...room, fit: Math.max(1, Math.floor(room.available / room.needed)) }))
    .sort((a, b) => a.fit - b.fit);
  if (!tightest || tightest.fit >= wanted) return wanted;
  const [needed, available] = [tightest.needed, tightest.available].map(formatByteSize);
  tell(
    `${tightest.fit} of ${wanted} ${what} at a time: a fork may need ${needed} of memory, and the host has ${available}`,
  );
  return tightest.fit;
}
