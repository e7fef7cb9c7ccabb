import { type Faults, faultProperties } from '@goqemu/spec';
import { z } from 'zod';

const amount = ({ least, most }: { readonly least: number; readonly most: number }) =>
  z.number().min(least).max(most).optional();

/** The words and amounts of `@goqemu/spec`. Where netem has another name (sch_netem.c of Linux 6.1), it is in parentheses. */
export const faults = z.strictObject({
  /** (`delay`) */
  latency: amount(faultProperties.latency),
  jitter: amount(faultProperties.jitter),
  loss: amount(faultProperties.loss),
  /** (`duplicate`) */
  duplication: amount(faultProperties.duplication),
  /** (`reorder`, gap 1) */
  reordering: amount(faultProperties.reordering),
  rate: amount(faultProperties.rate),
  /** (`corrupt`) */
  corruption: amount(faultProperties.corruption),
} satisfies Record<keyof Faults, unknown>);

/** As {@link faults} reads them. */
export type LineFaults = z.output<typeof faults>;

/** True when nothing goes wrong. */
export function areNone(given: LineFaults): boolean {
  return Object.values(given).every((value) => !value);
}
