import { goqemuHome } from '@goqemu/core';
import { type DoctorFact, knownStates } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import type { Style } from '../../render/style.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { clearLeftBehind } from './clear-left-behind.ts';
import type { DoctorOptions } from './doctor.spec.ts';
import { leftBehind, leftBehindFact, leftBehindReport } from './left-behind.ts';

export async function run(context: CommandContext, { options }: CommandInput<DoctorOptions>): Promise<number> {
  await using backend = await context.shell.createBackend(context.logger);
  if (options.clear.length > 0) return await clearLeftBehind(context, backend, options);
  const node: DoctorFact = { name: 'Node.js', status: 'ok', finding: process.version };
  const home = goqemuHome(context.shell.platform);
  const left = leftBehind(await backend.findFootprints(), await knownStates(home));
  const facts = [node, ...(await backend.doctor(context.shell.interrupt)), ...left.map(leftBehindFact)];
  const widest = Math.max(...facts.map(({ name }) => name.length));
  if (options.json)
    context.printJson({
      version: 1,
      facts,
      leftBehind: left.map(leftBehindReport),
    });
  else context.print(facts.map((fact) => renderFact(fact, widest, context.style)).join(''));
  return facts.some((fact) => fact.status === 'error') ? exitCode.failed : exitCode.done;
}

function renderFact({ name, status, finding, hint }: DoctorFact, widest: number, style: Style): string {
  const sign = { ok: style.green('✔'), warning: style.yellow('!'), error: style.red('✖') }[status];
  const next = hint ? `  ${' '.repeat(widest)}  ${style.bold('next')}: ${hint}\n` : '';
  return `${sign} ${style.bold(name.padEnd(widest))}  ${finding}\n${next}`;
}
