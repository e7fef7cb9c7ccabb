import type { CommandSpec, OptionSpecs } from './command-spec.ts';
import { globalOptions } from './global-options.ts';
import { describe, optionUsage, usageLine } from './help.ts';

/** docs/cli.md: every command from the same table that the parser reads. */
export function renderReference(commands: readonly CommandSpec[]): string {
  return [
    '# The command line',
    '',
    '<!-- Written by `npm run docs` from the command table; do not edit. -->',
    '',
    'Only results go to standard output; progress, questions and notices go to standard error.',
    'With `--json`, standard output is one document: the result, or `{ "version": 1, "error": { "code", "source", "message",',
    '"hint", … } }`, which is also printed in words to standard error.',
    '',
    'After Ctrl-C or SIGTERM nothing new begins, and running operations finish. A second Ctrl-C interrupts them, and so',
    'does goqemu itself 10 s after SIGTERM; the next plan checks what was interrupted.',
    '',
    'Control characters, and characters that are invisible or change the direction of text, are printed as escapes such as',
    '`\\u{202e}`, so that a plan shows what will run. What `exec`, `ssh`, `console` and `logs` pass on from a guest',
    'is not changed.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    ...exitCodes.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    'Variables that it reads: [environment.md](environment.md).',
    '',
    '## Options of every command',
    '',
    ...optionTable(globalOptions),
    '',
    ...commands.flatMap(section),
  ].join('\n');
}

const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'an operation failed; from `plan`: the plan has a problem that would stop `apply`'],
  ['2', 'there are changes; only from `plan --detailed-exitcode`'],
  ['64', 'the command line is wrong'],
  ['65', 'the lab or the state is invalid'],
  ['75', 'another goqemu holds the lock'],
  ['130, 143, 129', 'interrupted by Ctrl-C, by SIGTERM, by SIGHUP'],
  ['255', 'no connection to the guest; `exec` and `ssh` else return the guest’s own code'],
];

function section(spec: CommandSpec): string[] {
  const places = [...spec.positionals, ...(spec.rest ? [spec.rest] : [])];
  const lines = [`## goqemu ${spec.name}`, '', `\`${usageLine(spec)}\``, '', `${capital(spec.summary)}.`];
  if (spec.description) lines.push('', spec.description.replaceAll('\n', ' '));
  if (places.length > 0)
    lines.push(
      '',
      '| argument | meaning |',
      '|---|---|',
      ...places.map((place) => `| \`${place.name}\` | ${cell(place.summary)} |`),
    );
  if (Object.keys(spec.options).length > 0) lines.push('', ...optionTable(spec.options));
  if (spec.examples.length > 0)
    lines.push('', '```sh', ...spec.examples.map((example) => `${example.command}  # ${example.does}`), '```');
  return [...lines, ''];
}

function optionTable(options: OptionSpecs): string[] {
  return [
    '| option | meaning |',
    '|---|---|',
    ...Object.entries(options).map(
      ([name, option]) => `| \`${optionUsage(name, option)}\` | ${cell(describe(option))} |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
