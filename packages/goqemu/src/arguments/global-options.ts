import type { OptionSpecs } from './command-spec.ts';

/** Scopes of the log that `--debug` can be narrowed to. */
const debugScopes = ['engine', 'image', 'machine', 'qmp', 'qga', 'ssh'] as const;

/** Options that every command takes. */
export const globalOptions = {
  help: { kind: 'flag', short: 'h', summary: 'show help for the command' },
  version: { kind: 'flag', summary: 'show the version' },
  color: {
    kind: 'flag',
    choices: ['always', 'never', 'auto'],
    summary: 'colour output: always, never or auto (default; on a terminal unless NO_COLOR is set)',
  },
  'no-color': { kind: 'flag', summary: 'no colour output' },
  quiet: { kind: 'flag', short: 'q', summary: 'print only results and errors' },
  verbose: { kind: 'flag', short: 'v', summary: 'print the complete output of steps, and every stage' },
  debug: {
    kind: 'flag',
    choices: debugScopes,
    summary: 'print the debug log and stack traces to standard error; narrow with --debug=qmp,ssh',
  },
} as const satisfies OptionSpecs;

/** Which lab, for commands that work on one. */
export const labOptions = {
  lab: { kind: 'text', short: 'l', value: 'FILE', summary: 'the lab (default: the nearest lab.ts)', completes: 'file' },
  stack: {
    kind: 'text',
    short: 's',
    value: 'NAME',
    summary: 'instance of the lab (default: "default")',
    completes: 'stack',
  },
} as const satisfies OptionSpecs;

export const jsonOption = {
  json: { kind: 'flag', summary: 'print one JSON document to standard output' },
} as const satisfies OptionSpecs;
