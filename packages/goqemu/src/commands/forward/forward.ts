import { countChanges, type ForwardChange } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { oneDocument } from '../../arguments/one-document.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { carryOut } from '../../lab/carry-out.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { eventLog } from '../../render/event-log.ts';
import { forwardTable } from '../../render/forward-table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ForwardOptions } from './forward.spec.ts';
import { readForward, readHostPort } from './read-forward.ts';

/** Lists the ports that are forwarded to a machine, adds one, or takes one away. */
export async function run(context: CommandContext, input: CommandInput<ForwardOptions>): Promise<number> {
  const [machine = '', word] = input.positionals;
  const { remove } = input.options;
  if (word !== undefined && remove !== undefined)
    throw usageError('a forward is added or taken away, not both', 'leave --remove out, or the ports before it');
  if (word !== undefined) return change(context, input, { machine, add: readForward(word) });
  if (remove !== undefined) return change(context, input, { machine, remove: readHostPort(remove) });
  return list(context, input, machine);
}

async function list(
  context: CommandContext,
  { options }: CommandInput<ForwardOptions>,
  machine: string,
): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const { name } = await lab.engine.machine(machine);
  const { machines } = await lab.engine.status({ signal: context.shell.interrupt });
  const forwards = machines.find((one) => one.name === name)?.forwards ?? [];
  if (options.json) context.printJson({ version: 1, lab: lab.name, machine: name, forwards });
  else if (forwards.length === 0) context.tell(`no port is forwarded to ${name} but that of SSH`);
  else context.print(forwardTable([{ name, forwards }], context.style));
  return exitCode.done;
}

async function change(
  context: CommandContext,
  { options }: CommandInput<ForwardOptions>,
  wanted: ForwardChange,
): Promise<number> {
  oneDocument(options);
  const sink = await chooseRenderer(context, options.events);
  await using lab = await openDeployedLab(context, options, sink.handle);
  const replan = () => lab.engine.planForward(wanted, { signal: context.shell.interrupt });
  const plan = await replan();
  // What was typed need not be asked for again; the plan has the port that goqemu chose.
  return carryOut(context, {
    ...options,
    yes: true,
    agreed: countChanges(plan) > 0 && wanted.add?.host !== 0,
    lab,
    plan,
    replan,
    sink,
    lockWait: options['lock-wait'],
  });
}
