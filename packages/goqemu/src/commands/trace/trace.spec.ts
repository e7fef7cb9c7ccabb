import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const folderOption = {
  'trace-dir': {
    kind: 'text',
    value: 'FOLDER',
    summary: 'where the traces are (default: test-results/traces)',
    completes: 'folder',
  },
} as const satisfies OptionSpecs;
const listOptions = { ...folderOption, ...jsonOption } as const satisfies OptionSpecs;
const showOptions = {
  full: { kind: 'flag', summary: 'the whole output of each action, console and journal' },
  ...folderOption,
  ...jsonOption,
} as const satisfies OptionSpecs;
const openOptions = {
  at: {
    kind: 'number',
    value: 'N',
    least: 1,
    most: 1_000_000,
    summary:
      'before action N instead of at the failure: the actions before it are done again, from the beginning of the test',
  },
  machine: { kind: 'text', short: 'm', value: 'MACHINE', summary: 'the machine (default: that of the failed action)' },
  lab: { kind: 'text', short: 'l', value: 'FILE', summary: 'the lab, where it is not where it was', completes: 'file' },
  ...folderOption,
} as const satisfies OptionSpecs;
const deleteOptions = {
  all: { kind: 'flag', summary: 'all traces' },
  keep: { kind: 'number', value: 'N', least: 0, most: 100_000, summary: 'all but the newest N' },
  ...folderOption,
} as const satisfies OptionSpecs;

export type TraceListOptions = typeof listOptions;
export type TraceShowOptions = typeof showOptions;
export type TraceOpenOptions = typeof openOptions;
export type TraceDeleteOptions = typeof deleteOptions;

const trace = {
  name: 'TRACE',
  summary: 'path of a trace, or its name or the beginning of that (default: the newest)',
  optional: true,
  completes: 'file',
} as const;

export const traceCommands = [
  defineCommand({
    name: 'trace list',
    summary: 'list the traces of tests that failed',
    positionals: [],
    options: listOptions,
    examples: [{ command: 'goqemu trace list', does: 'newest first' }],
    load: () => import('./list.ts'),
  }),
  defineCommand({
    name: 'trace show',
    summary: 'print what a failed test did and what its machines said',
    description: 'Needs neither the lab nor its machines, so that a trace can be read on another host.',
    positionals: [trace],
    options: showOptions,
    examples: [{ command: 'goqemu trace show', does: 'the newest' }],
    load: () => import('./show.ts'),
  }),
  defineCommand({
    name: 'trace open',
    summary: 'open a shell in a copy of the machines as they were when a test failed',
    description:
      'The copy is a fork of the lab; it is removed when the shell ends. With a command after "--" that is run instead of a shell. Exits with its code.',
    positionals: [trace],
    rest: { name: 'COMMAND', summary: 'a program instead of the shell', optional: true },
    options: openOptions,
    examples: [
      { command: 'goqemu trace open', does: 'the newest failure, in the machine of the action that failed' },
      { command: 'goqemu trace open --machine db -- ps aux', does: 'one program in another machine' },
      { command: 'goqemu trace open --at 4', does: 'before the fourth action' },
    ],
    load: () => import('./open.ts'),
  }),
  defineCommand({
    name: 'trace delete',
    summary: 'delete traces, with what they keep of machines',
    positionals: [{ ...trace, many: true, summary: 'path of a trace, or its name or the beginning of that' }],
    options: deleteOptions,
    examples: [
      { command: 'goqemu trace delete --keep 3', does: 'all but the newest three' },
      { command: 'goqemu trace delete --all', does: 'all' },
    ],
    load: () => import('./delete.ts'),
  }),
];
