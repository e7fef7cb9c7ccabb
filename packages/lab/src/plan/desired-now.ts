import type { BackendCall } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Lab } from '../evaluate/lab.ts';
import { readLabLock } from '../lock/lab-lock.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { ReadState } from '../state/read-state.ts';
import { resolveImages } from './desired-images.ts';
import type { DesiredMachine } from './desired-machine.ts';
import { buildDesired } from './desired-machines.ts';
import { fingerprints } from './read-machines.ts';

/** The lab's machines as it describes them now, for a verb that makes no plan. */
export async function desiredNow(
  context: EngineContext,
  lab: Lab,
  read: ReadState,
  call: BackendCall,
): Promise<readonly DesiredMachine[]> {
  const { backend, vault } = context;
  const lock = await readLabLock(context.storage);
  const input: PlanInput = { lab, read, lock, backend, call, vault, now: context.now() };
  const [images, secrets] = await Promise.all([resolveImages(input), fingerprints(input)]);
  return (await buildDesired({ ...input, lab, state: read.state, images, secrets, renewed: new Set() })).machines;
}
