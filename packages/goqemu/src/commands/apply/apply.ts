import { Engine, type Plan } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { oneDocument } from '../../arguments/one-document.ts';
import { carryOut } from '../../lab/carry-out.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { evaluateFor } from '../../lab/evaluate-for.ts';
import { engineFor, type OpenLab, openLab } from '../../lab/open-lab.ts';
import { planSelection } from '../../lab/plan-selection.ts';
import { savedPlanAt } from '../../lab/saved-plan.ts';
import { findLabFile } from '../../loader/lab-file.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import type { EventSink } from '../../render/event-sink.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { mustBeAbleToAsk } from '../../shell/prompt.ts';
import type { ApplyOptions } from './apply.spec.ts';

export async function run(context: CommandContext, input: CommandInput<ApplyOptions>): Promise<number> {
  const { options, positionals } = input;
  oneDocument(options);
  const saved = savedPlanAt(positionals[0], context.shell.workingFolder);
  // A saved plan has been looked at already.
  const yes = options.yes || saved !== undefined;
  if (!yes) mustBeAbleToAsk(context.shell);
  const sink = await chooseRenderer(context, options.events);
  const { lab, plan, replan } = await prepare(context, input, saved, sink);
  await using _ = lab;
  return await carryOut(context, {
    ...options,
    yes,
    lab,
    plan,
    ...(replan ? { replan } : {}),
    sink,
    lockWait: options['lock-wait'],
  });
}

async function prepare(
  context: CommandContext,
  { options, positionals }: CommandInput<ApplyOptions>,
  saved: string | undefined,
  sink: EventSink,
): Promise<{ readonly lab: OpenLab; readonly plan: Plan; readonly replan?: () => Promise<Plan> }> {
  if (saved !== undefined) {
    const plan = await Engine.readPlan(saved);
    const file = findLabFile(options.lab, context.shell);
    const backend = await context.shell.createBackend(context.logger);
    const lab = engineFor(context, { name: plan.lab, file, backend, stack: plan.stack }, sink.handle);
    return { lab, plan };
  }
  const lab = await openLab(context, chooseLab(context, positionals[0], options), sink.handle);
  // Evaluated again each time: addresses and ports come from the state, which another apply may have begun meanwhile.
  const replan = async () =>
    lab.engine.plan(await evaluateFor(context, lab, options), planSelection(options, context.shell.interrupt));
  return { lab, plan: await replan(), replan };
}
