import { formatDuration } from '@goqemu/core';
import { type ApplyResult, countChanges, type FreshResult, type Plan } from '@goqemu/lab';
import type { EventSink } from '../render/event-sink.ts';
import { renderOutputs } from '../render/render-outputs.ts';
import { renderPlan } from '../render/render-plan.ts';
import type { CommandContext } from '../shell/command-context.ts';
import { exitCode } from '../shell/exit-code.ts';
import { confirm } from '../shell/prompt.ts';
import type { OpenLab } from './open-lab.ts';

export interface CarryOutOptions {
  readonly lab: OpenLab;
  readonly plan: Plan;
  /** As `applyFresh` wants it; a saved plan has none. */
  readonly replan?: () => Promise<Plan>;
  readonly sink: EventSink;
  readonly yes: boolean;
  readonly json: boolean;
  readonly events?: string | undefined;
  readonly parallel?: number | undefined;
  /** Seconds. */
  readonly lockWait?: number | undefined;
  /** The plan has been shown, and agreed to, already. */
  readonly agreed?: boolean;
  /** Takes the document of `--json` instead of standard output. */
  readonly printJson?: (document: unknown) => void;
}

/** Shows a plan, asks, applies it and reports: the common part of apply and destroy. */
export async function carryOut(context: CommandContext, options: CarryOutOptions): Promise<number> {
  let applied: FreshResult | undefined;
  try {
    applied = await askAndApply(context, options);
  } finally {
    await options.sink.close(); // the last word is the report's
  }
  if (!applied) {
    const { lab, json } = options;
    if (json) context.printJson({ version: 1, lab: lab.name, stack: lab.stack, outcome: 'declined' });
    return exitCode.failed;
  }
  const { plan, result } = applied;
  report(context, { ...options, plan }, result);
  if (result.outcome === 'interrupted') return exitCode.interrupted;
  return result.outcome === 'failed' ? exitCode.failed : exitCode.done;
}

async function askAndApply(context: CommandContext, options: CarryOutOptions): Promise<FreshResult | undefined> {
  const { plan } = options;
  if (!options.agreed) showPlan(context, plan);
  if (countChanges(plan) > 0 && !options.yes && !options.agreed) {
    if (!(await confirm(context.shell, questionOf(plan)))) {
      context.tell('nothing was done');
      return undefined;
    }
  }
  return await applyTelling(context, options);
}

function questionOf({ purpose, lab }: Plan): string {
  if (purpose === 'destroy') return `Destroy lab ${lab}?`;
  return purpose === 'apply' ? 'Apply these changes?' : 'Drop the RAM?';
}

export function showPlan(context: CommandContext, plan: Plan): void {
  const { noticeStyle: style, shell, verbose } = context;
  if (!context.quiet) context.screen.write(renderPlan(plan, { style, workingFolder: shell.workingFolder, verbose }));
}

/**
 * Tells what an interrupt does meanwhile. A plan that needs no confirmation is made again when another apply came first; one
 * that the user has confirmed is not replaced by another.
 */
async function applyTelling(
  context: CommandContext,
  { lab, plan, replan, yes, sink, parallel, lockWait }: CarryOutOptions,
): Promise<FreshResult> {
  const { interrupt, kill } = context.shell;
  const tell = (message: string) => () =>
    sink.handle({ at: new Date().toISOString(), type: 'notice', code: 'interrupted', message });
  const first = tell(
    'interrupted: no further operation is started, running ones may finish; Ctrl-C again interrupts them',
  );
  const second = tell('interrupted again: interrupting running operations');
  interrupt.addEventListener('abort', first);
  kill.addEventListener('abort', second);
  try {
    return await lab.engine.applyFresh(plan, {
      interrupt,
      kill,
      replan,
      keepsPlan: !yes,
      beforeApply: (current, reason) => {
        if (reason !== 'lab-changed') return;
        context.tell('the lab has been changed since the plan was made: planning again');
        showPlan(context, current);
      },
      ...(parallel === undefined ? {} : { parallel }),
      ...(lockWait === undefined ? {} : { lockWaitMs: lockWait * 1000 }),
    });
  } finally {
    interrupt.removeEventListener('abort', first);
    kill.removeEventListener('abort', second);
  }
}

function report(context: CommandContext, options: CarryOutOptions, result: ApplyResult): void {
  const { lab, plan, json, events } = options;
  const { noticeStyle: style, debugLog } = context;
  if (json)
    (options.printJson ?? context.printJson)({
      version: 1,
      lab: lab.name,
      stack: lab.stack,
      outcome: result.outcome,
      changes: countChanges(plan),
      durationSeconds: Math.round(result.durationMs / 100) / 10,
      outputs: result.outputs,
      errors: result.errors,
      inDoubt: result.inDoubt,
    });
  else if (events !== '-' && result.outcome === 'done' && plan.purpose === 'apply')
    context.print(renderOutputs(result.outputs, context.style));
  if (result.outcome === 'done') {
    if (countChanges(plan) > 0) context.tell(style.green(`Done in ${formatDuration(result.durationMs)}.`));
    return;
  }
  const { screen } = context;
  screen.write(
    `${style.red(result.outcome === 'interrupted' ? 'Interrupted' : 'Failed')} after ${formatDuration(result.durationMs)}.\n`,
  );
  if (result.inDoubt.length > 0)
    screen.write(`  interrupted, and settled by the next plan: ${result.inDoubt.join(', ')}\n`);
  if (debugLog.written) screen.write(`  ${style.dim(`log: ${debugLog.path}`)}\n`);
}
