import { internalError } from '@goqemu/core';
import type { Backend, BackendCall, CutLayer, CutResult } from './backend.ts';

/** One cut of several machines, with their RAM where the backend keeps it. */
export function cutLayers(
  backend: Backend,
  cuts: readonly CutLayer[],
  call: BackendCall,
): Promise<readonly CutResult[]> {
  const { ramLayers } = backend.capabilities;
  return backend.cutLayers(ramLayers ? cuts : cuts.map(withoutRam), call);
}

/** A cut of one machine. */
export async function cutLayer(backend: Backend, cut: CutLayer, call: BackendCall): Promise<CutResult> {
  const [result] = await cutLayers(backend, [cut], call);
  if (!result) throw internalError(`the backend cut ${cut.machine.name} and returned no layer`);
  return result;
}

function withoutRam({ supersedes: _supersedes, ...cut }: CutLayer): CutLayer {
  return { ...cut, ram: false };
}
