import { GoqemuError } from '@goqemu/core';
import type { ErrorReport } from '@goqemu/lab';
import type { CommandContext } from '../../shell/command-context.ts';
import type { TestedLab } from './tested-labs.ts';

/** Milliseconds to wait for another command on the lab. */
const lockWaitMs = 60_000;

/**
 * Applies the labs, one after another, so that tests find them as they are described.
 *
 * @throws GoqemuError `apply-failed` with the first operation that failed; what planning throws
 */
export async function applyLabs({ shell, tell }: CommandContext, labs: readonly TestedLab[]): Promise<void> {
  const { interrupt, kill } = shell;
  for (const { lab, uses } of labs) {
    const parameters = uses[0]?.parameters ?? {};
    const planned = async () =>
      lab.engine.plan(await lab.engine.evaluate(lab.definition, { parameters }), { signal: interrupt });
    const { result } = await lab.engine.applyFresh(await planned(), {
      interrupt,
      kill,
      lockWaitMs,
      replan: planned,
      beforeApply: ({ operations }) => {
        if (operations.length > 0) tell(`lab ${lab.name}: ${operations.length} operations before its tests`);
      },
    });
    interrupt.throwIfAborted();
    if (result.outcome !== 'done') throw notApplied(lab.name, result.outcome, result.errors[0]);
  }
}

function notApplied(
  lab: string,
  outcome: string,
  first: { readonly resource: string; readonly error: ErrorReport } | undefined,
): GoqemuError {
  const { detail, hint } = first?.error ?? {};
  return new GoqemuError({
    code: 'apply-failed',
    source: 'environment', // not what is wrong with a test file
    message: `the lab ${lab} could not be applied for its tests: ${first ? `${first.resource}: ${first.error.message}` : outcome}`,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  });
}
