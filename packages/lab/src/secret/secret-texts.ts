import { hasErrorCode } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Lab } from '../evaluate/lab.ts';

/** The secrets of a lab in every form in which they may appear, to be masked in what its guests print. */
export async function secretTexts(
  context: EngineContext,
  { secrets }: Pick<Lab, 'secrets'>,
): Promise<readonly string[]> {
  const { vault } = context;
  const { state } = await context.read();
  await vault.rememberStored(state);
  for (const [name, source] of Object.entries(secrets)) {
    if (!('env' in source || 'file' in source)) continue; // it is stored, or there is none yet
    try {
      await vault.value(name, source, state);
    } catch (error) {
      if (!hasErrorCode(error, 'secret-missing')) throw error; // nothing that could be printed
    }
  }
  return vault.sensitive;
}
