import type { EngineContext } from '../engine-context/engine-context.ts';

/** Memory of the host, in bytes, for forks of the lab as it is. */
export interface ForkRoom {
  /** What one fork takes when it has changed all of its memory; until then it shares the checkpoint's. */
  readonly needed: number;
  readonly available: number;
}

/** Reads what a fork may need, and what the host has for it. */
export async function forkRoom(context: EngineContext, signal: AbortSignal | undefined): Promise<ForkRoom> {
  const { state } = await context.read();
  const machines = Object.values(state.resources.machine).filter(
    ({ spec, record }) => spec.kind === 'vm' && record !== null,
  );
  const available = await context.backend.memoryBudget(context.plainCall(state.lineage, 'fork', signal));
  return { needed: machines.reduce((sum, { spec }) => sum + spec.memory, 0), available };
}
