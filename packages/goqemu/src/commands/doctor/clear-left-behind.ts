import { GoqemuError, goqemuHome } from '@goqemu/core';
import type { Backend } from '@goqemu/lab';
import { forgetState, knownStates } from '@goqemu/lab';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { confirm, mustBeAbleToAsk } from '../../shell/prompt.ts';
import { contents, type LeftBehind, leftBehind } from './left-behind.ts';

export interface ClearOptions {
  readonly clear: readonly string[];
  readonly yes: boolean;
  readonly json: boolean;
}

/** Removes what was left behind, of those that are named, after a question. */
export async function clearLeftBehind(
  context: CommandContext,
  backend: Backend,
  options: ClearOptions,
): Promise<number> {
  const { interrupt } = context.shell;
  if (!options.yes) mustBeAbleToAsk(context.shell);
  const chosen = await choose(context, backend, options.clear);
  for (const one of chosen) context.tell(`${one.id}: ${contents(one)}; ${placeOf(one)}`);
  if (!options.yes && !(await confirm(context.shell, 'Remove all of it? It cannot be brought back.'))) {
    context.tell('nothing was done');
    return exitCode.failed;
  }
  const home = goqemuHome(context.shell.platform);
  for (const { footprint } of chosen) {
    await backend.removeFootprint(footprint, interrupt);
    await forgetState(home, footprint.lineage);
  }
  const bytes = chosen.reduce((sum, { footprint }) => sum + footprint.bytes, 0);
  if (options.json) context.printJson({ version: 1, removed: chosen.map(({ id }) => id), bytes });
  else context.print(chosen.map(({ id }) => `removed ${id}\n`).join(''));
  return exitCode.done;
}

/** Checked again: a state that has come back meanwhile keeps what belongs to it. @throws GoqemuError `not-left-behind` */
async function choose(
  context: CommandContext,
  backend: Backend,
  wanted: readonly string[],
): Promise<readonly LeftBehind[]> {
  const states = await knownStates(goqemuHome(context.shell.platform));
  const footprints = await backend.findFootprints();
  const all = leftBehind(footprints, states);
  return [...new Set(wanted)].map((id) => {
    const found = all.find((one) => one.id === id || one.footprint.lineage === id);
    if (found) return found;
    const state = states.find(({ lineage, isThere }) => isThere && id.endsWith(lineage));
    throw new GoqemuError({
      code: 'not-left-behind',
      source: 'user',
      subject: id,
      message: state
        ? `${id} belongs to a lab that is there: ${state.stateFolder}`
        : `nothing called "${id}" was left behind`,
      hint: state
        ? `remove it with: goqemu destroy, beside its lab.ts${state.stack === 'default' ? '' : `, with --stack ${state.stack}`}`
        : 'what was left behind is listed by: goqemu doctor',
    });
  });
}

function placeOf({ stateFolder }: LeftBehind): string {
  return stateFolder === undefined ? 'no state of it is known' : `its state was ${stateFolder}`;
}
