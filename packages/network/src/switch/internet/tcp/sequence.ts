/** Numbers of TCP wrap around at 2^32 (RFC 9293 §3.4). */
export function sequenceAfter(from: number, bytes: number): number {
  return (from + bytes) >>> 0;
}

/** How far one number is behind another; negative where it is before it. */
export function distance(one: number, other: number): number {
  return (one - other) | 0;
}
