import { forkLayer } from '@goqemu/vm';
import type { BenchGuest } from './bench-guest.ts';
import { ownBytes } from './own-bytes.ts';
import type { Row } from './row.ts';

/** Forks of one checkpoint: how long until all are ready, and what the last one adds. */
export async function forkRows(guest: BenchGuest, counts: readonly number[]): Promise<Row[]> {
  const rows: Row[] = [];
  let alone = 0;
  for (const count of counts) {
    const begun = performance.now();
    await using forks = await forkLayer(guest.vm.host, guest.key('1'), { count }, {});
    const took = performance.now() - begun;
    const sizes = await Promise.all(forks.map(({ machine }) => ownBytes(machine.record.pid)));
    const last = sizes.at(-1) ?? 0;
    // The first brings the RAM file into memory, where the others find it.
    if (count === 1) alone = last + (await guest.ramBytes('1'));
    rows.push({ name: `${count} forks to all ready`, unit: 'ms', value: took });
    rows.push({
      name: `memory that the ${count}. fork adds, to that of the first with the RAM file`,
      unit: 'MiB',
      value: last / 2 ** 20,
      baseline: alone / 2 ** 20,
      ...(count === 8 ? { aim: '≤ 0.4 ×' } : {}),
    });
  }
  return rows;
}
