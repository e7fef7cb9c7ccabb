import type { CommandInput } from '../../arguments/command-spec.ts';
import { oneDocument } from '../../arguments/one-document.ts';
import { carryOut } from '../../lab/carry-out.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { planSelection } from '../../lab/plan-selection.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { mustBeAbleToAsk } from '../../shell/prompt.ts';
import type { DestroyOptions } from './destroy.spec.ts';
import { destroyStacks } from './destroy-stacks.ts';

export async function run(context: CommandContext, input: CommandInput<DestroyOptions>): Promise<number> {
  const { options } = input;
  oneDocument(options);
  if (!options.yes) mustBeAbleToAsk(context.shell);
  const [stack, ...others] = new Set(options.stack);
  if (options.forks || others.length > 0) return destroyStacks(context, input);
  const sink = await chooseRenderer(context, options.events);
  const choice = chooseLab(context, input.positionals[0], { lab: options.lab, stack });
  await using lab = await openDeployedLab(context, choice, sink.handle);
  const replan = () => lab.engine.planDestroy(planSelection(options, context.shell.interrupt));
  return await carryOut(context, {
    ...options,
    lab,
    plan: await replan(),
    replan,
    sink,
    lockWait: options['lock-wait'],
  });
}
