import { resolve } from 'node:path';
import { countChanges, type Plan, planReport, problemsOf } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { evaluateFor } from '../../lab/evaluate-for.ts';
import { type OpenLab, openDeployedLab, openLab } from '../../lab/open-lab.ts';
import { planSelection } from '../../lab/plan-selection.ts';
import { eventLog } from '../../render/event-log.ts';
import { renderPlan } from '../../render/render-plan.ts';
import { typedWord } from '../../render/typed-word.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { PlanOptions } from './plan.spec.ts';

export async function run(context: CommandContext, input: CommandInput<PlanOptions>): Promise<number> {
  const { options } = input;
  const { workingFolder } = context.shell;
  const choice = chooseLab(context, input.positionals[0], options);
  if (options['check-types']) {
    const { checkTypes } = await import('../../loader/check-types.ts');
    await checkTypes({ ...context.shell, lab: choice.lab });
  }
  const { plan, lab } = await makePlan(context, input, choice);
  await using _ = lab;
  if (options.out !== undefined) {
    await lab.engine.savePlan(plan, resolve(workingFolder, options.out));
    context.tell(`saved; carry it out with: goqemu apply ${typedWord(options.out)}`);
  }
  if (options.json) context.printJson(planReport(plan));
  else context.print(renderPlan(plan, { style: context.style, workingFolder, verbose: context.verbose }));
  if (problemsOf(plan).length > 0) return exitCode.failed;
  return options['detailed-exitcode'] && countChanges(plan) > 0 ? exitCode.changes : exitCode.done;
}

async function makePlan(
  context: CommandContext,
  { options }: CommandInput<PlanOptions>,
  choice: ReturnType<typeof chooseLab>,
): Promise<{ readonly plan: Plan; readonly lab: OpenLab }> {
  const { handle } = eventLog(context.logger);
  const selection = planSelection(options, context.shell.interrupt);
  if (options.destroy) {
    const lab = await openDeployedLab(context, choice, handle);
    return { plan: await lab.engine.planDestroy(selection), lab };
  }
  const lab = await openLab(context, choice, handle);
  const evaluated = await evaluateFor(context, lab, options);
  if (options['check-pure']) {
    const [{ checkPure }, { loadLab }] = await Promise.all([
      import('../../lab/check-pure.ts'),
      import('../../loader/load-lab.ts'),
    ]);
    const { platform, workingFolder } = context.shell;
    const again = await loadLab({ platform, workingFolder, lab: lab.file });
    checkPure(evaluated, await evaluateFor(context, { ...lab, definition: again.definition }, options));
  }
  return { plan: await lab.engine.plan(evaluated, selection), lab };
}
