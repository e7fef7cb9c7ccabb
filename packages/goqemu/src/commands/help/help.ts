import type { CommandInput } from '../../arguments/command-spec.ts';
import { renderCommandHelp, renderOverview } from '../../arguments/help.ts';
import { chooseCommand } from '../../arguments/parse-arguments.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';

export async function run(context: CommandContext, { positionals }: CommandInput): Promise<number> {
  const { commands } = context;
  const [first, second] = positionals;
  const family = commands.filter((command) => command.name.startsWith(`${first} `));
  if (first === undefined) context.print(renderOverview(commands, context.style));
  else if (second === undefined && family.length > 0) context.print(renderOverview(family, context.style));
  else {
    const chosen = chooseCommand(positionals, commands, {});
    if (chosen) context.print(renderCommandHelp(chosen.spec, context.style));
  }
  return exitCode.done;
}
