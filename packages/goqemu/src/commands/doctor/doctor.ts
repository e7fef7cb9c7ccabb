import type { CommandInput } from '../../arguments/command-spec.ts';
import { examineHost, type HostFact } from '../../host/examine-host.ts';
import type { Style } from '../../render/style.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { DoctorOptions } from './doctor.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<DoctorOptions>): Promise<number> {
  const facts = await examineHost(context.shell.platform, context.shell.interrupt);
  if (options.json) context.printJson({ version: 1, facts });
  else context.print(facts.map((fact) => renderFact(fact, context.style)).join(''));
  return facts.some((fact) => fact.verdict === 'missing') ? exitCode.failed : exitCode.done;
}

function renderFact({ subject, verdict, text, hint }: HostFact, style: Style): string {
  const sign = { good: style.green('✔'), notice: style.yellow('!'), missing: style.red('✖') }[verdict];
  return `${sign} ${style.bold(subject.padEnd(12))}  ${text}\n${hint ? `  ${' '.repeat(12)}  ${style.bold('next')}: ${hint}\n` : ''}`;
}
