import { checkSources, evaluateLab, type Lab } from '@goqemu/lab';
import { hostArchitecture } from '@goqemu/spec';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { readParametersFor } from '../../lab/evaluate-for.ts';
import { locateLab } from '../../lab/locate-lab.ts';
import { loadLab } from '../../loader/load-lab.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { checkImages } from './check-images.ts';
import type { ValidateOptions } from './validate.spec.ts';

export async function run(context: CommandContext, input: CommandInput<ValidateOptions>): Promise<number> {
  const { options } = input;
  const choice = chooseLab(context, input.positionals[0], options);
  const file = locateLab(context, choice);
  if (options['check-types']) {
    const { checkTypes } = await import('../../loader/check-types.ts');
    await checkTypes({ ...context.shell, lab: file });
  }
  const evaluate = async (): Promise<Lab> => {
    const { definition } = await loadLab({ ...context.shell, lab: file });
    const parameters = await readParametersFor(context, definition, options);
    const architecture = hostArchitecture(context.shell.platform.arch);
    const stack = choice.stack ? { stack: choice.stack } : {};
    return evaluateLab(definition, { labFile: file, parameters, architecture, ...stack });
  };
  const lab = await evaluate();
  if (options['check-pure']) {
    const { checkPure } = await import('../../lab/check-pure.ts');
    checkPure(lab, await evaluate());
  }
  checkImages(lab);
  await checkSources(lab);
  report(context, lab, options.json);
  return exitCode.done;
}

function report(context: CommandContext, lab: Lab, json: boolean): void {
  const named = (kind: 'vm' | 'template') =>
    lab.machines.filter((machine) => machine.kind === kind).map(({ name }) => name);
  const machines = named('vm');
  const templates = named('template');
  if (json) context.printJson({ version: 1, lab: lab.name, stack: lab.stack, valid: true, machines, templates });
  else {
    const counts = [counted(machines, 'machine'), ...(templates.length > 0 ? [counted(templates, 'template')] : [])];
    context.print(`Lab ${lab.name} is valid: ${counts.join(', ')}.\n`);
  }
}

function counted(names: readonly string[], what: string): string {
  return `${names.length} ${what}${names.length === 1 ? '' : 's'}`;
}
