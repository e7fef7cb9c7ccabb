import { sleep } from '@goqemu/core';
import type { TestedLab } from './tested-labs.ts';

/** Milliseconds for tests that were interrupted to give their forks back. */
const patienceMs = 20_000;

/** Leaves no fork of a run: those of processes that have ended are removed, those of others are waited for. */
export async function removeLeftForks(labs: readonly TestedLab[], run: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (const { lab } of labs)
    for (;;) {
      await lab.engine.removeDeadForks({ lockWaitMs: patienceMs });
      const left = (await lab.engine.forks({ bound: true })).some((name) => name.startsWith(`test-${run}-`));
      if (!left || Date.now() > deadline) break; // the next command on the lab removes what is left then
      await sleep(100);
    }
}
