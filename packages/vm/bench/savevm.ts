import { median, timed } from '../../../scripts/bench/timing.ts';
import type { BenchGuest } from './bench-guest.ts';

/** QEMU's own way: HMP `savevm` and `loadvm`, in milliseconds. */
export async function savevm(guest: BenchGuest, turns: number): Promise<{ save: number; load: number }> {
  const save: number[] = [];
  const load: number[] = [];
  const machine = await guest.machine();
  const human = async (command: string) => {
    const said = await machine.qmp.humanMonitor(command, { timeoutMs: 300_000 });
    if (said.trim()) throw new Error(said);
  };
  for (let turn = 0; turn < turns; turn++) {
    save.push(await timed(() => human('savevm bench')));
    load.push(await timed(() => human('loadvm bench')));
    await human('delvm bench');
  }
  return { save: median(save), load: median(load) };
}
