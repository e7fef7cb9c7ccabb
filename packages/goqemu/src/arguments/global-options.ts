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
    summary: 'colours: on, or as said; without it, on a terminal unless NO_COLOR is set',
  },
  'no-color': { kind: 'flag', summary: 'no colours' },
  quiet: { kind: 'flag', short: 'q', summary: 'only results and errors' },
  verbose: { kind: 'flag', short: 'v', summary: 'the whole output of steps, and every stage' },
  debug: {
    kind: 'flag',
    choices: debugScopes,
    summary: 'the debug log on standard error, and stacks of errors; narrowed by --debug=qmp,ssh',
  },
} as const satisfies OptionSpecs;

/** Which lab, for commands that work on one. */
export const labOptions = {
  lab: { kind: 'text', short: 'l', value: 'FILE', summary: 'the lab; ./lab.ts unless given', completes: 'file' },
  stack: {
    kind: 'text',
    short: 's',
    value: 'NAME',
    summary: 'which instance of the lab; "default" unless given',
    completes: 'stack',
  },
} as const satisfies OptionSpecs;

export const jsonOption = {
  json: { kind: 'flag', summary: 'one JSON document on standard output' },
} as const satisfies OptionSpecs;
