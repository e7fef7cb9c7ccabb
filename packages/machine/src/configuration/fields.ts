import { isIPv4 } from 'node:net';
import { type ByteSize, isGoqemuError, parseByteSize } from '@goqemu/core';
import { z } from 'zod';

/** Ids of QEMU begin with a letter and hold letters, digits, `-`, `.` and `_` (util/id.c, `id_wellformed`). */
export const id = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,62}$/, 'expected a letter, then letters, digits, hyphens, dots and underscores');

/** A file name may hold any character but NUL, which no system call takes. */
export const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), 'expected a path without a NUL character');

export const port = z.number().int().min(1).max(65535);

export const ipv4 = z.string().refine(isIPv4, 'expected an IPv4 address');

/** First octet even: a unicast address (IEEE 802). */
export const mac = z
  .string()
  .regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i, 'expected a unicast MAC address such as 52:54:00:12:34:56')
  .transform((text) => text.toLowerCase());

/** A whole number of bytes, or text with a unit. */
export const byteSize = z.custom<ByteSize>(isByteSize, "expected a size such as '4 GiB' or a whole number of bytes");

function isByteSize(value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'string') return false;
  try {
    return parseByteSize(value as ByteSize, 'size') > 0;
  } catch (error) {
    if (isGoqemuError(error)) return false;
    throw error;
  }
}
