import type { ForkRoom } from '@goqemu/lab';

/** How many forks the host's memory holds, at least 1. */
export function fittingForks({ needed, available }: ForkRoom): number {
  return needed > 0 ? Math.max(1, Math.floor(available / needed)) : Number.POSITIVE_INFINITY;
}
