import type { RecordedResources } from '../resource/resource-kind.ts';

/** Leaves no machine that is recorded; layers stay. */
export async function clearMachines({ state, backend, call }: RecordedResources): Promise<void> {
  await Promise.all(
    Object.values(state.resources.machine).map(
      async ({ spec, record }) => record !== null && backend.delete(spec, record, call),
    ),
  );
}
