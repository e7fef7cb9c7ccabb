import { GoqemuError } from '@goqemu/core';
import type { ApplyContext } from '../resource/apply-context.ts';

/**
 * Proves that a layer can be gone back to, before anything is given up for it.
 *
 * @throws GoqemuError `layer-missing` when it went or was damaged since the plan was made
 */
export async function claimOrigin(
  { backend, call }: Pick<ApplyContext, 'backend' | 'call'>,
  layer: string,
): Promise<void> {
  if ((await backend.claimLayers([layer], call)).has(layer)) return;
  throw lost(layer, `layer ${layer.slice(0, 12)} has gone or is damaged since the plan was made; nothing was changed`);
}

/**
 * Makes the lab an owner of the layers that its checkpoints are about to name: another lab may have cut them, and may give
 * its own up at any time.
 *
 * @throws GoqemuError `layer-missing` when one of them went since the plan was made
 */
export async function claimNamed(
  { backend, call }: Pick<ApplyContext, 'backend' | 'call'>,
  checkpoints: Readonly<Record<string, string>>,
): Promise<void> {
  const keys = [...new Set(Object.values(checkpoints))];
  if (keys.length === 0) return;
  const claimed = await backend.claimLayers(keys, call);
  const [name, missing] = Object.entries(checkpoints).find(([, key]) => !claimed.has(key)) ?? [];
  if (missing === undefined) return;
  throw lost(missing, `the layer of checkpoint "${name}" has gone since the plan was made`);
}

function lost(layer: string, message: string): GoqemuError {
  return new GoqemuError({
    code: 'layer-missing',
    source: 'environment',
    subject: layer.slice(0, 12),
    message,
    hint: 'plan again: what is missing is built again',
  });
}
