import type { DoctorFact } from '@goqemu/backend-qemu';
import type { CommandInput } from '../../arguments/command-spec.ts';
import type { Style } from '../../render/style.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { DoctorOptions } from './doctor.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<DoctorOptions>): Promise<number> {
  await using backend = await context.shell.createBackend(context.logger);
  const node: DoctorFact = { name: 'Node.js', status: 'ok', finding: process.version };
  const facts = [node, ...(await backend.doctor(context.shell.interrupt))];
  const widest = Math.max(...facts.map(({ name }) => name.length));
  if (options.json) context.printJson({ version: 1, facts });
  else context.print(facts.map((fact) => renderFact(fact, widest, context.style)).join(''));
  return facts.some((fact) => fact.status === 'error') ? exitCode.failed : exitCode.done;
}

function renderFact({ name, status, finding, hint }: DoctorFact, widest: number, style: Style): string {
  const sign = { ok: style.green('✔'), warning: style.yellow('!'), error: style.red('✖') }[status];
  const next = hint ? `  ${' '.repeat(widest)}  ${style.bold('next')}: ${hint}\n` : '';
  return `${sign} ${style.bold(name.padEnd(widest))}  ${finding}\n${next}`;
}
