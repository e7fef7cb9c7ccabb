import type { Machine } from '@goqemu/machine';

/** The next reset of a machine, for which it must wait however long the guest takes to go down. */
export async function followReset({ qmp }: Machine, signal: AbortSignal): Promise<void> {
  await qmp.waitFor('RESET', { timeoutMs: Number.POSITIVE_INFINITY, signal });
}
