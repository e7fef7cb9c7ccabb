import { GoqemuError, nearestWord, visible } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { renderOutputs } from '../../render/render-outputs.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { OutputOptions } from './output.spec.ts';

export async function run(context: CommandContext, input: CommandInput<OutputOptions>): Promise<number> {
  const { json, raw } = input.options;
  const [name] = input.positionals;
  if (raw && json) throw usageError('--raw and --json are two forms of one output', 'leave one of them out');
  if (raw && name === undefined) throw usageError('--raw prints one output', 'name it: goqemu output NAME --raw');
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  const outputs = await lab.engine.outputs();
  const header = { version: 1, lab: lab.name, stack: lab.stack };
  if (name === undefined) {
    if (json) context.printJson({ ...header, outputs });
    else if (Object.keys(outputs).length === 0) context.tell(`Lab ${lab.name} has no outputs.`);
    else context.print(renderOutputs(outputs, context.style));
    return exitCode.done;
  }
  const value = outputNamed(outputs, name, lab.name);
  if (json) context.printJson({ ...header, name, value });
  else if (raw) context.shell.stdout.write(textOf(value));
  else context.print(`${visible(textOf(value))}\n`);
  return exitCode.done;
}

function outputNamed(outputs: Readonly<Record<string, unknown>>, name: string, lab: string): unknown {
  const names = Object.keys(outputs);
  if (!Object.hasOwn(outputs, name)) {
    const near = nearestWord(name, names);
    throw new GoqemuError({
      code: 'lab-output-unknown',
      source: 'user',
      subject: name,
      message: `lab ${lab} has no output "${name}"`,
      hint:
        names.length === 0
          ? 'outputs are what the lab’s program returns, once it has been applied'
          : near
            ? `did you mean "${near}"?`
            : `there are: ${names.join(', ')}`,
    });
  }
  if (outputs[name] !== null) return outputs[name];
  throw new GoqemuError({
    code: 'lab-output-withheld',
    source: 'user',
    subject: name,
    message: `the output "${name}" is a secret, or its step has not run: the state has no value of it`,
    hint: 'read it where it is used, for example with: goqemu exec MACHINE COMMAND',
  });
}

/** Text as it is; anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
