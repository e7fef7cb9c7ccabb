import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearestWord } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { renderCommandHelp, renderFamily, renderOverview } from '../../arguments/help.ts';
import { otherWord } from '../../arguments/other-words.ts';
import { chooseCommand } from '../../arguments/parse-arguments.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { docsFolder } from '../../pages/docs-folder.ts';
import { findTopic, type NamedTopic, partOfPage } from '../../pages/find-topic.ts';
import { pageFile, topics } from '../../pages/topics.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { pageText } from '../../terminal/page-text.ts';

export async function run(context: CommandContext, { positionals }: CommandInput): Promise<number> {
  const { commands, style } = context;
  const [first, second] = positionals;
  const family = commands.filter((command) => command.name.startsWith(`${first} `));
  const named = first === undefined || second !== undefined ? undefined : findTopic(first);
  if (first === undefined) context.print(renderOverview(commands, style));
  else if (named) await showPage(context, named);
  else if (second === undefined && family.length > 0) context.print(renderFamily(first, family, style));
  else context.print(renderCommandHelp(commandNamed(context, positionals), style));
  return exitCode.done;
}

async function showPage(context: CommandContext, named: NamedTopic): Promise<void> {
  const { renderPage } = await import('../../pages/render-page.ts');
  const markdown = await readFile(join(docsFolder(), pageFile(named.topic)), 'utf8');
  const width = context.shell.stdout.columns ?? 80;
  await pageText(context.shell, renderPage(partOfPage(markdown, named), { style: context.style, width }));
}

/** @throws GoqemuError `usage` for a word that is neither a command nor a page, with the nearest page or command */
function commandNamed({ commands }: CommandContext, positionals: readonly string[]) {
  const [first = ''] = positionals;
  const isCommand = commands.some(({ name }) => name.split(' ')[0] === first);
  const words = [...topics.map(({ name }) => name), ...commands.map(({ name }) => name)];
  const near = isCommand || otherWord(first) ? undefined : nearestWord(first, words);
  if (near !== undefined)
    throw usageError(`goqemu has no command or help page "${first}"`, `did you mean "goqemu help ${near}"?`);
  const chosen = chooseCommand(positionals, commands, {});
  if (!chosen) throw usageError(`goqemu has no command or help page "${first}"`, 'see "goqemu help" for both');
  return chosen.spec;
}
