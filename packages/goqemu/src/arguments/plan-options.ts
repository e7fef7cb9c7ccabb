import type { OptionSpecs } from './command-spec.ts';

/** Values for the lab's parameters. */
export const parameterOptions = {
  param: { kind: 'list', value: 'NAME=VALUE', summary: 'set a parameter of the lab' },
  params: { kind: 'text', value: 'FILE', summary: 'JSON file with parameters of the lab', completes: 'file' },
} as const satisfies OptionSpecs;

/** Which machines a plan is about. */
export const selectionOptions = {
  target: { kind: 'list', value: 'MACHINE', summary: 'only this machine and what it depends on', completes: 'base' },
  exclude: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'all but this machine and what depends on it',
    completes: 'base',
  },
} as const satisfies OptionSpecs;

/** Of plan and apply. */
export const startOption = {
  start: { kind: 'flag', summary: 'start machines that were stopped, suspended or paused' },
} as const satisfies OptionSpecs;

/** For every command that changes something: a script need not know which of them ask. */
export const yesOption = {
  yes: { kind: 'flag', short: 'y', summary: 'do not ask for confirmation' },
} as const satisfies OptionSpecs;

/** How operations are carried out and reported. */
export const applyOptions = {
  ...yesOption,
  parallel: { kind: 'number', value: 'N', least: 1, most: 64, summary: 'maximum parallel operations (default: 4)' },
  'lock-wait': {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    most: 86_400,
    summary: 'how long to wait for a lock held by another goqemu (default: 0)',
  },
  events: { kind: 'text', value: 'FILE', summary: 'write events as NDJSON to a file, or - for standard output' },
} as const satisfies OptionSpecs;
