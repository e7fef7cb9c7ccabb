import { GoqemuError } from '@goqemu/core';
import type { ApplyContext } from './apply-context.ts';

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
  throw new GoqemuError({
    code: 'layer-missing',
    source: 'environment',
    subject: missing.slice(0, 12),
    message: `the layer of checkpoint "${name}" has gone since the plan was made`,
    hint: 'plan again: what is missing is built anew',
  });
}
