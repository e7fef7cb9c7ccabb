import { internalError } from '@goqemu/core';
import type { Backend, BackendCall, CutLayer, CutResult } from './backend.ts';

/** A cut of one machine. */
export async function cutLayer(backend: Backend, cut: CutLayer, call: BackendCall): Promise<CutResult> {
  const [result] = await backend.cutLayers([cut], call);
  if (!result) throw internalError(`the backend cut ${cut.machine.name} and returned no layer`);
  return result;
}
