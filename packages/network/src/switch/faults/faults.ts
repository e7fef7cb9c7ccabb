import { z } from 'zod';

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(600_000);

/**
 * What goes wrong with frames on their way in one direction. The words mean what they mean for `netem`
 * (tc-netem(8), iproute2 6.1; net/sched/sch_netem.c of Linux 6.1), where each has the same name or the one in parentheses.
 */
export const faults = z.strictObject({
  /** Milliseconds that each frame takes longer (`delay`). @default 0 */
  latency: milliseconds.optional(),
  /** Milliseconds by which the latency varies, evenly to both sides; so frames overtake each other, as with netem. @default 0 */
  jitter: milliseconds.optional(),
  /** Share of frames that are lost, 0 to 1. @default 0 */
  loss: share.optional(),
  /** Share of frames that come twice (`duplicate`). @default 0 */
  duplication: share.optional(),
  /** Share of frames that are sent at once and so overtake those that the latency holds back (`reorder`, gap 1). @default 0 */
  reordering: share.optional(),
  /** Bytes per second. Default: no limit. */
  rate: z.number().min(1).max(1e12).optional(),
  /** Share of frames in which one bit is flipped (`corrupt`). @default 0 */
  corruption: share.optional(),
  /** Bytes that may be held back at once; what comes beyond is dropped (`limit`, which counts frames). @default 4 MiB */
  limit: z
    .number()
    .int()
    .min(2 ** 16)
    .max(2 ** 26)
    .optional(),
});
export type Faults = z.output<typeof faults>;

/** True when nothing goes wrong. */
export function areNone(given: Faults): boolean {
  const { limit: _, ...rest } = given;
  return Object.values(rest).every((value) => !value);
}
