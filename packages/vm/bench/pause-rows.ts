import type { VmHost, VmOrigin } from '@goqemu/vm';
import { median, timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { BenchGuest } from './bench-guest.ts';

const mebibyte = 2 ** 20;
const sizes = [
  { name: '300 MiB', mebibytes: 300 },
  { name: '2 GiB', mebibytes: 2048 },
] as const;

/**
 * The pause of a checkpoint of a tiny guest of 3 GiB whose tmpfs holds random bytes, to a plain copy of as many bytes as the
 * checkpoint keeps of its memory: between two buffers of this process, the second of which is fresh.
 */
export async function pauseRows(host: VmHost, origin: VmOrigin, report: BenchReport, quick: boolean): Promise<void> {
  await using guest = await BenchGuest.make(host, 'full', 3 * 1024 * mebibyte, origin);
  await guest.start();
  await guest.run('mkdir /fill && mount -t tmpfs -o size=2560m fill /fill');
  await guest.run('dd if=/dev/urandom of=/fill/random bs=1M count=4 2> /dev/null');
  for (const { name, mebibytes } of sizes) {
    await guest.run(
      `cd /fill; until [ $(stat -c %s all || echo 0) -ge ${mebibytes * mebibyte} ]; do cat random >> all; done`,
    );
    const pauses: number[] = [];
    const copies: number[] = [];
    for (let turn = 0; turn < (quick ? 1 : 5); turn++) {
      const layer = `${name}, turn ${turn}`;
      pauses.push((await guest.cut(layer)).pauseMs);
      copies.push(await plainCopy(await guest.ramBytes(layer)));
    }
    report({
      name: `pause of a checkpoint with ${name} in use, to a plain copy of that memory`,
      unit: 'ms',
      value: median(pauses),
      baseline: median(copies),
      aim: '≤ 0.2 ×',
    });
  }
}

/** Milliseconds. */
function plainCopy(bytes: number): Promise<number> {
  const source = Buffer.alloc(bytes, 1);
  return timed(async () => Buffer.allocUnsafeSlow(bytes).set(source));
}
