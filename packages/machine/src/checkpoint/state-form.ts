import type { Monitor } from './monitor.ts';

/**
 * What a saved state holds. `devices`: all but the RAM that lies in a shared file, as QEMU's
 * docs/system/vm-templating.rst describes. `stream`: the RAM too, page by page as it comes. `mapped-ram`: the RAM too,
 * each page at a place of its own, so that the file is sparse and never longer than the RAM (QEMU's
 * docs/devel/migration/mapped-ram.rst, since 9.0).
 */
export type StateForm = 'devices' | 'stream' | 'mapped-ram';

/** The capability that makes each form; QEMU crashes when both are on (before 11.0). */
const capabilityOf = { devices: 'x-ignore-shared', 'mapped-ram': 'mapped-ram' } as const;

/** Turns on what the form takes, in a QEMU that has just begun: there all is off. */
export async function expectForm(monitor: Monitor, form: StateForm, signal: AbortSignal): Promise<void> {
  if (form === 'stream') return;
  const capabilities = [{ capability: capabilityOf[form], state: true }];
  await monitor.executeUntyped('migrate-set-capabilities', { capabilities }, { signal });
}

/** Turns on what the form takes, and off what an earlier state of the same QEMU took. */
export async function chooseForm(monitor: Monitor, form: StateForm, signal: AbortSignal): Promise<void> {
  const known = (await monitor.executeUntyped('query-migrate-capabilities', {}, { signal })) as {
    readonly capability: string;
  }[];
  const wanted = form === 'stream' ? undefined : capabilityOf[form];
  const capabilities = Object.values(capabilityOf)
    .filter((name) => name === wanted || known.some(({ capability }) => capability === name))
    .map((capability) => ({ capability, state: capability === wanted }))
    .sort((a, b) => Number(a.state) - Number(b.state)); // off before on
  await monitor.executeUntyped('migrate-set-capabilities', { capabilities }, { signal });
}
