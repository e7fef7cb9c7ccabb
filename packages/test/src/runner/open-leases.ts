/** By a symbol that all copies of goqemu share: the process ends its tests' leases whatever copy gave them. */
const key = Symbol.for('goqemu.test.leases');

type Leasing = typeof globalThis & { [key]?: Set<() => Promise<unknown>> };

/** What takes away the labs that the tests of this process have now. */
function openLeases(): Set<() => Promise<unknown>> {
  const leasing = globalThis as Leasing;
  leasing[key] ??= new Set();
  return leasing[key];
}

/** Notes a lease until it is ended, and gives what ends it, once. */
export function noteLease(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const endOnce = () => {
    ended ??= end().finally(() => openLeases().delete(endOnce));
    return ended;
  };
  openLeases().add(endOnce);
  return endOnce;
}

/** Ends all of them, for a process that leaves before its tests are over. */
export async function endLeases(): Promise<void> {
  await Promise.allSettled([...openLeases()].map((end) => end()));
}
