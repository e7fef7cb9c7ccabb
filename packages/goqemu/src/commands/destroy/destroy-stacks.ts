import type { GoqemuError } from '@goqemu/core';
import { countChanges, type EngineEvent, type Plan } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { carryOut, showPlan } from '../../lab/carry-out.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { engineFor, type OpenLab, openDeployedLab } from '../../lab/open-lab.ts';
import { planSelection } from '../../lab/plan-selection.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { eventFile } from '../../render/event-file.ts';
import { eventLog } from '../../render/event-log.ts';
import type { EventSink } from '../../render/event-sink.ts';
import { listed } from '../../render/listed.ts';
import { renderErrorFacts } from '../../render/render-error.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { confirm } from '../../shell/prompt.ts';
import type { DestroyOptions } from './destroy.spec.ts';

/** Several stacks of one lab, one after another: all plans are shown first, and one question is asked. */
export async function destroyStacks(context: CommandContext, input: CommandInput<DestroyOptions>): Promise<number> {
  const { options } = input;
  const log = eventLog(context.logger);
  const choice = chooseLab(context, input.positionals[0], { lab: options.lab, stack: undefined });
  await using lab = await openDeployedLab(context, choice, log.handle);
  const stacks = await chosenStacks(context, lab, options);
  const unreadable = options.forks ? await lab.engine.unreadableStacks() : [];
  const planOf = async ({ engine }: OpenLab): Promise<Plan> => {
    const plan = await engine.planDestroy(planSelection(options, context.shell.interrupt));
    // Their forks go in the same run.
    return options.forks ? { ...plan, notices: plan.notices.filter(({ code }) => code !== 'forks-stay') } : plan;
  };
  const plans = new Map<string, Plan>();
  for (const stack of stacks) plans.set(stack, await planOf(openStack(context, lab, stack, log.handle)));
  for (const [stack, plan] of plans) {
    tellStack(context, stack, plan);
    showPlan(context, plan);
  }
  if (stacks.length === 0 && unreadable.length === 0) context.tell(`Nothing to do: lab ${lab.name} has no forks.`);
  const changes = [...plans.values()].some((plan) => countChanges(plan) > 0);
  if (changes && !options.yes) {
    if (!(await confirm(context.shell, `Destroy ${stacks.join(', ')} of lab ${lab.name}?`))) {
      context.tell('nothing was done');
      if (options.json) context.printJson({ version: 1, lab: lab.name, outcome: 'declined' });
      return exitCode.failed;
    }
  }
  const documents: unknown[] = [];
  const code = await withEventFile(context, options.events, async (events) => {
    let worst: number = exitCode.done;
    for (const [stack, plan] of plans) {
      tellStack(context, stack, plan);
      const sink = await chooseRenderer(context, undefined, events);
      const one = openStack(context, lab, stack, sink.handle);
      const settings = { ...options, lab: one, plan, replan: () => planOf(one), sink, lockWait: options['lock-wait'] };
      const ended = await carryOut(context, { ...settings, agreed: true, printJson: (one) => documents.push(one) });
      if (ended !== exitCode.done) worst = ended;
      if (ended === exitCode.interrupted) break;
    }
    return worst;
  });
  if (options.forks) await removeRests(context, lab, options['lock-wait']);
  if (options.json) context.printJson({ version: 1, lab: lab.name, stacks: documents });
  tellUnreadable(context, unreadable);
  return code === exitCode.done && unreadable.length > 0 ? exitCode.failed : code;
}

/** A stack whose state says nothing is in no list of forks: what it has would stay without a word. */
function tellUnreadable({ screen, noticeStyle: style, shell }: CommandContext, errors: readonly GoqemuError[]): void {
  for (const error of errors)
    screen.write(`${renderErrorFacts(error, { style, workingFolder: shell.workingFolder, debug: false })}\n`);
}

/** A fork that was interrupted while it was made or removed is no fork, and has no plan. */
async function removeRests(context: CommandContext, lab: OpenLab, lockWait: number | undefined): Promise<void> {
  const rests = await lab.engine.removeDeadForks(lockWait === undefined ? {} : { lockWaitMs: lockWait * 1000 });
  if (rests.length > 0)
    context.tell(`removed what was left of ${listed(rests)}, interrupted while it was made or removed`);
}

/** The machines of all stacks have the same names. */
function tellStack(context: CommandContext, stack: string, plan: Plan): void {
  if (countChanges(plan) > 0) context.tell(`Stack ${stack}:`);
}

/** Those that were named, or the forks of these. */
async function chosenStacks(
  context: CommandContext,
  lab: OpenLab,
  options: { readonly forks: boolean; readonly stack: readonly string[] },
): Promise<readonly string[]> {
  const named = options.stack.length > 0 ? options.stack : [lab.stack];
  if (!options.forks) return [...new Set(named)];
  const { handle } = eventLog(context.logger);
  const forks = await Promise.all(named.map((stack) => openStack(context, lab, stack, handle).engine.forks()));
  return [...new Set(forks.flat())];
}

/** Another stack of a lab that is open, on the same backend, which the first of them closes. */
function openStack(context: CommandContext, lab: OpenLab, stack: string, emit: (event: EngineEvent) => void): OpenLab {
  return engineFor(context, { ...lab, stack }, emit);
}

/** One file of events for all of them. */
async function withEventFile(
  context: CommandContext,
  target: string | undefined,
  work: (events: EventSink | undefined) => Promise<number>,
): Promise<number> {
  if (target === undefined) return work(undefined);
  const file = eventFile(target, context.shell.workingFolder, context.shell.stdout);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
