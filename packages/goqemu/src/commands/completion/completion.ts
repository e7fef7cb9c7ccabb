import type { CommandInput } from '../../arguments/command-spec.ts';
import { bashCompletion } from '../../completion/bash.ts';
import { fishCompletion } from '../../completion/fish.ts';
import { powershellCompletion } from '../../completion/powershell.ts';
import { zshCompletion } from '../../completion/zsh.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';

const writers: Readonly<Record<string, typeof bashCompletion>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

export async function run(context: CommandContext, { positionals }: CommandInput): Promise<number> {
  const write = writers[positionals[0] ?? ''];
  if (write) context.print(write(context.commands));
  return exitCode.done;
}
