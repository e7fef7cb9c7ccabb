import { countChanges, type Plan, type PowerVerb } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { oneDocument } from '../../arguments/one-document.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { carryOut } from '../../lab/carry-out.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { mustBeAbleToAsk } from '../../shell/prompt.ts';
import type { PowerOptions } from './power.spec.ts';

/** Stops, starts, restarts, suspends or resumes machines; asks only before something is lost. */
export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<PowerOptions>,
  verb: PowerVerb,
): Promise<number> {
  oneDocument(options);
  const sink = await chooseRenderer(context, options.events);
  await using lab = await openDeployedLab(context, options, sink.handle);
  const planAgain = () =>
    lab.engine.planPower(verb, { machines: [...new Set(positionals)], signal: context.shell.interrupt });
  const plan = await planAgain();
  const loses = losesRam(plan);
  // Another command may have suspended a machine since: that was not agreed to.
  const replan = async () => {
    const fresh = await planAgain();
    if (!options.yes && losesRam(fresh))
      throw usageError('the lab has been changed, and this would drop the RAM of a machine now', 'run it again');
    return fresh;
  };
  if (loses && !options.yes) mustBeAbleToAsk(context.shell);
  return await carryOut(context, {
    ...options,
    yes: options.yes || !loses,
    // What was typed need not be shown again.
    agreed: !loses && plan.notices.length === 0 && countChanges(plan) > 0,
    lab,
    plan,
    replan,
    sink,
    lockWait: options['lock-wait'],
  });
}

function losesRam({ notices }: Plan): boolean {
  return notices.some(({ code }) => code === 'ram-dropped');
}
