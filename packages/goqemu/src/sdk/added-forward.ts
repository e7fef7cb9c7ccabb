import { z } from 'zod';
import { readOptions } from './guest/invalid-option.ts';

/** A port of the guest that is to be reached on 127.0.0.1. */
export interface AddedForward {
  /** 1 to 65535. @example 80 */
  readonly guest: number;
  /** @default 0: a free one, which is returned @example 8080 */
  readonly host?: number;
  /** @default 'tcp' @example 'udp' */
  readonly protocol?: 'tcp' | 'udp';
}

const schema = z.strictObject({
  guest: z.int().min(1).max(65_535),
  host: z.int().min(0).max(65_535).default(0),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
});

/** @throws GoqemuError `option-invalid` */
export function readAddedForward(given: AddedForward) {
  const { guest, host, protocol } = readOptions(schema, given, 'addForward');
  return { guest, host, protocol: protocol === 'udp' ? { protocol } : {} } as const;
}
