import { topicGroups, topicOfCommand, topics } from '../pages/topics.ts';
import type { Style } from '../render/style.ts';
import type { CommandSpec, OptionSpec, OptionSpecs, PositionalSpec } from './command-spec.ts';
import { globalOptions } from './global-options.ts';

/** `goqemu help`: the commands, in the order of the table, and the pages of the documentation. */
export function renderOverview(commands: readonly CommandSpec[], style: Style): string {
  return [
    'goqemu turns a lab.ts into running QEMU virtual machines, with a preview before and a fast way back after.',
    '',
    ...commandLines(commands, style),
    ...pageLines(style),
    'See "goqemu help TOPIC" for a command or a page.',
    '',
  ].join('\n');
}

/** `goqemu help checkpoint`: the commands that begin with one word. */
export function renderFamily(family: string, commands: readonly CommandSpec[], style: Style): string {
  return [
    ...commandLines(commands, style),
    ...seePage(family, style),
    `See "goqemu help ${family} COMMAND" for one of them.`,
    '',
  ].join('\n');
}

function commandLines(commands: readonly CommandSpec[], style: Style): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${style.bold('Usage')}: goqemu COMMAND [OPTIONS]`,
    '',
    style.bold('Commands'),
    ...commands.map(({ name, summary }) => `  ${style.cyan(name.padEnd(width))}  ${summary}`),
    '',
    style.bold('Options of every command'),
    ...optionLines(globalOptions, style),
    '',
  ];
}

function pageLines(style: Style): readonly string[] {
  const width = Math.max(...topics.map(({ name }) => name.length));
  return topicGroups.flatMap((group) => {
    const pages = topics.filter((topic) => topic.group === group);
    const lines = pages.map(({ name, summary }) => `  ${style.cyan(name.padEnd(width))}  ${summary}`);
    return [style.bold(`Pages: ${group.toLowerCase()}`), ...lines, ''];
  });
}

/** Where the documentation explains a command. */
function seePage(command: string, style: Style): readonly string[] {
  const topic = topicOfCommand(command);
  return topic ? [`${style.bold('Page')}: goqemu help ${topic.name}`, ''] : [];
}

/** `goqemu help apply`. */
export function renderCommandHelp(spec: CommandSpec, style: Style): string {
  const lines = [`${style.bold('Usage')}: ${usageLine(spec)}`, '', sentence(spec.summary)];
  if (spec.description) lines.push('', spec.description);
  const places = [...spec.positionals, ...(spec.rest ? [spec.rest] : [])];
  if (places.length > 0) {
    const width = Math.max(...places.map((positional) => positional.name.length));
    lines.push('', style.bold('Arguments'));
    for (const positional of places)
      lines.push(`  ${style.cyan(positional.name.padEnd(width))}  ${positional.summary}`);
  }
  if (Object.keys(spec.options).length > 0) lines.push('', style.bold('Options'), ...optionLines(spec.options, style));
  lines.push('', style.bold('Options of every command'), ...optionLines(globalOptions, style));
  if (spec.examples.length > 0) {
    const width = Math.max(...spec.examples.map((example) => example.command.length));
    lines.push('', style.bold('Examples'));
    for (const example of spec.examples)
      lines.push(`  ${example.command.padEnd(width)}  ${style.dim(`# ${example.does}`)}`);
  }
  const page = seePage(spec.name, style);
  if (page.length > 0) lines.push('', ...page.slice(0, -1));
  return `${lines.join('\n')}\n`;
}

/** `goqemu exec MACHINE… [OPTIONS] [--] COMMAND…` */
export function usageLine(spec: CommandSpec): string {
  return [
    `goqemu ${spec.name}`,
    ...spec.positionals.map(positionalUsage),
    ...(Object.keys(spec.options).length > 0 ? ['[OPTIONS]'] : []),
    ...(spec.rest ? [spec.rest.optional ? `[[--] ${spec.rest.name}…]` : `[--] ${spec.rest.name}…`] : []),
  ].join(' ');
}

function positionalUsage(positional: PositionalSpec): string {
  const name = positional.many ? `${positional.name}…` : positional.name;
  return positional.optional ? `[${name}]` : name;
}

/** `-l, --lab FILE` */
export function optionUsage(name: string, option: OptionSpec): string {
  const value = option.kind === 'flag' ? (option.choices ? `[=${option.choices[0]}…]` : '') : ` ${option.value}`;
  return `${option.short ? `-${option.short}, ` : ''}--${name}${value}`;
}

function optionLines(options: OptionSpecs, style: Style): string[] {
  const entries = Object.entries(options).map(
    ([name, option]) => [optionUsage(name, option), describe(option)] as const,
  );
  const width = Math.max(...entries.map(([usage]) => usage.length));
  return entries.map(([usage, summary]) => `  ${style.cyan(usage.padEnd(width))}  ${summary}`);
}

/** An option's summary with its values and whether it may be repeated. */
export function describe(option: OptionSpec): string {
  if (option.kind === 'text' && option.choices) return `${option.summary} (${option.choices.join(', ')})`;
  return option.kind === 'list' ? `${option.summary}; may be repeated` : option.summary;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
