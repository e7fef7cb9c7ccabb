import type { OptionSpecs } from './command-spec.ts';

/** Values for the lab's parameters. */
export const parameterOptions = {
  param: { kind: 'list', value: 'NAME=VALUE', summary: 'a parameter of the lab' },
  params: { kind: 'text', value: 'FILE', summary: 'parameters of the lab, as a JSON object', completes: 'file' },
} as const satisfies OptionSpecs;

/** Which machines a plan is about. */
export const selectionOptions = {
  target: { kind: 'list', value: 'MACHINE', summary: 'only this machine, and what it depends on', completes: 'base' },
  exclude: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'not this machine, and nothing that depends on it',
    completes: 'base',
  },
} as const satisfies OptionSpecs;

/** For every command that changes something: a script need not know which of them ask. */
export const yesOption = {
  yes: { kind: 'flag', short: 'y', summary: 'do it without a question' },
} as const satisfies OptionSpecs;

/** How operations are carried out and told. */
export const applyOptions = {
  ...yesOption,
  parallel: { kind: 'number', value: 'N', least: 1, most: 64, summary: 'operations at a time; 4 unless given' },
  'lock-wait': {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    most: 86_400,
    summary: 'how long to wait for another goqemu that holds the lock; 0 unless given',
  },
  events: { kind: 'text', value: 'FILE', summary: 'events as NDJSON to a file, or - for standard output' },
} as const satisfies OptionSpecs;
