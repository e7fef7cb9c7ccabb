import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, yesOption } from '../../arguments/plan-options.ts';

const machines = {
  vm: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'only this machine; the whole lab unless given',
    completes: 'machine',
  },
} as const satisfies OptionSpecs;

const createOptions = { ...machines, ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const restoreOptions = { ...machines, ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const forkOptions = {
  count: { kind: 'number', value: 'N', least: 1, most: 64, summary: 'how many forks; 1 unless given' },
  name: {
    kind: 'text',
    value: 'NAME',
    summary: 'what the fork is called, or with --count the beginning; from the checkpoint unless given',
  },
  ...machines,
  ...parameterOptions,
  ...labOptions,
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;
const pruneOptions = {
  'dry-run': { kind: 'flag', summary: 'only tell what would go' },
  ...labOptions,
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;
const changeOptions = { ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const listOptions = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;

export type CheckpointCreateOptions = typeof createOptions;
export type CheckpointRestoreOptions = typeof restoreOptions;
export type CheckpointForkOptions = typeof forkOptions;
export type CheckpointPruneOptions = typeof pruneOptions;
export type CheckpointChangeOptions = typeof changeOptions;
export type CheckpointListOptions = typeof listOptions;

const checkpoint = {
  name: 'CHECKPOINT',
  summary: 'its id, or its name',
  completes: 'checkpoint',
} as const;

export const checkpointCommands = [
  defineCommand({
    name: 'checkpoint create',
    summary: 'keep the machines as they are now, to go back to',
    description:
      'The guests are synced before the cut, so that the disk alone is complete; RAM is kept where the host can.',
    positionals: [{ name: 'DESCRIPTION', summary: 'what it is called' }],
    options: createOptions,
    examples: [
      { command: "goqemu checkpoint create 'before upgrade'", does: 'the whole lab' },
      { command: 'goqemu checkpoint create clean --vm web', does: 'one machine' },
    ],
    load: async () => (await import('../lab-commands.ts')).checkpointCreate,
  }),
  defineCommand({
    name: 'checkpoint restore',
    summary: 'take the machines back to a checkpoint',
    positionals: [checkpoint],
    options: restoreOptions,
    examples: [{ command: "goqemu checkpoint restore 'before upgrade'", does: 'every machine that has it' }],
    load: async () => (await import('../lab-commands.ts')).checkpointRestore,
  }),
  defineCommand({
    name: 'checkpoint fork',
    summary: 'run copies of the lab as it was in a checkpoint, beside it',
    description:
      'A fork is a stack of the lab with ports of its own: every command takes it with --stack, and destroy leaves nothing of it. Memory that a fork does not change is shared.',
    positionals: [checkpoint],
    options: forkOptions,
    examples: [
      { command: 'goqemu checkpoint fork ready --count 2', does: 'ready-1 and ready-2' },
      { command: 'goqemu exec --stack ready-1 web -- uptime', does: 'a command in a machine of a fork' },
      { command: 'goqemu destroy --stack ready-1 --yes', does: 'the fork is gone; the lab stays as it is' },
    ],
    load: async () => (await import('../lab-commands.ts')).checkpointFork,
  }),
  defineCommand({
    name: 'checkpoint list',
    summary: 'list the checkpoints of a lab as a tree',
    positionals: [],
    options: listOptions,
    examples: [{ command: 'goqemu checkpoint list --json', does: 'for programs' }],
    load: async () => (await import('../lab-commands.ts')).checkpointList,
  }),
  defineCommand({
    name: 'checkpoint delete',
    summary: 'delete a checkpoint’s name; its files go when nothing reaches them',
    positionals: [checkpoint],
    options: changeOptions,
    examples: [{ command: "goqemu checkpoint delete 'before upgrade'", does: 'machines stay as they are' }],
    load: async () => (await import('../lab-commands.ts')).checkpointDelete,
  }),
  defineCommand({
    name: 'checkpoint flatten',
    summary: 'write the disk of a checkpoint as one file on its image',
    description:
      'Reading through many layers is slow; where there are more than 16 it is done without being asked. Machines run on meanwhile, and what stands on the checkpoint finds the short way at its next start.',
    positionals: [checkpoint],
    options: changeOptions,
    examples: [{ command: "goqemu checkpoint flatten 'before upgrade'", does: 'and tells what it takes' }],
    load: async () => (await import('../lab-commands.ts')).checkpointFlatten,
  }),
  defineCommand({
    name: 'checkpoint prune',
    summary: 'remove cached layers that no machine and no checkpoint needs, and coalesce those beyond the lab’s limits',
    description:
      'They are kept otherwise, up to 64 and within the budget of the lab’s layers (20 GiB, or `layers: { budget }` in defineLab), so that a change can be taken back and a destroyed lab be applied again without a boot.',
    positionals: [],
    options: pruneOptions,
    examples: [{ command: 'goqemu checkpoint prune --dry-run', does: 'how much that would free' }],
    load: async () => (await import('../lab-commands.ts')).checkpointPrune,
  }),
];
