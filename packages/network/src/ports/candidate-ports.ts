import { GoqemuError, lengthPrefixedDigest } from '@goqemu/core';

export interface PortRange {
  /** First port; default 20000. */
  readonly from?: number;
  /** Last port; default 29999: below what hosts give to outgoing connections (Linux from 32768, Windows and macOS from 49152; RFC 6335 §6). */
  readonly to?: number;
}

/**
 * Ports in an order that a key decides: the same key gives the same ports, different keys seldom the same ones, so a
 * machine gets the same port each time and seldom one that another wants. Ends when the range is used up.
 *
 * @throws GoqemuError `option-invalid` for a range that is none
 * @example
 * for (const port of candidatePorts('lab web, machine db, ssh')) if ((await portUse(port)) === undefined) return port;
 */
export function* candidatePorts(key: string, range: PortRange = {}): Generator<number, void> {
  const from = range.from ?? 20_000;
  const to = range.to ?? 29_999;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || from > to) {
    throw new GoqemuError({
      code: 'option-invalid',
      source: 'user',
      subject: 'ports',
      message: `${from} to ${to} is not a range of ports`,
      detail: 'expected whole numbers from 1 to 65535, the smaller one first',
      hint: 'correct the range',
    });
  }
  const count = to - from + 1;
  const seed = Buffer.from(lengthPrefixedDigest(['goqemu-port', key]), 'hex');
  const start = seed.readUInt32BE(0) % count;
  // A step that shares no divisor with the count visits every port once.
  let step = (seed.readUInt32BE(4) % count) + 1;
  while (greatestCommonDivisor(step, count) !== 1) step++;
  for (let i = 0; i < count; i++) yield from + ((start + i * step) % count);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
