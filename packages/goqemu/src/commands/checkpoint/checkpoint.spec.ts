import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const machines = {
  vm: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'only this machine (default: the whole lab)',
    completes: 'machine',
  },
} as const satisfies OptionSpecs;

const createOptions = { ...machines, ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const restoreOptions = { ...machines, ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const forkOptions = {
  count: { kind: 'number', value: 'N', least: 1, most: 64, summary: 'how many forks (default: 1)' },
  name: {
    kind: 'text',
    value: 'NAME',
    summary: 'name of the fork, or with --count a prefix (default: based on the checkpoint)',
  },
  ...machines,
  ...parameterOptions,
  ...labOptions,
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;
const pruneOptions = {
  'dry-run': { kind: 'flag', summary: 'show what would be removed' },
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
  summary: 'its ID or name',
  completes: 'checkpoint',
} as const;

export const checkpointCommands = [
  defineCommand({
    name: 'checkpoint create',
    summary: 'save the current state of the machines, to return to later',
    description:
      'The guests are synced before the cut, so that the disk alone is complete; RAM is kept where the host can.',
    positionals: [{ name: 'DESCRIPTION', summary: 'name of the checkpoint' }],
    options: createOptions,
    examples: [
      { command: "goqemu checkpoint create 'before upgrade'", does: 'the whole lab' },
      { command: 'goqemu checkpoint create clean --vm web', does: 'one machine' },
    ],
    load: async () => (await import('../lab-commands.ts')).checkpointCreate,
  }),
  defineCommand({
    name: 'checkpoint restore',
    summary: 'return the machines to a checkpoint',
    positionals: [checkpoint],
    options: restoreOptions,
    examples: [{ command: "goqemu checkpoint restore 'before upgrade'", does: 'every machine included in it' }],
    load: async () => (await import('../lab-commands.ts')).checkpointRestore,
  }),
  defineCommand({
    name: 'checkpoint fork',
    summary: 'run copies of the lab from a checkpoint, alongside the lab',
    description:
      'A fork is a stack of the lab with its own ports: select it with --stack in any command, and remove it completely with destroy. Memory that a fork does not change is shared.',
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
    examples: [{ command: 'goqemu checkpoint list --json', does: 'as JSON' }],
    load: async () => (await import('../lab-commands.ts')).checkpointList,
  }),
  defineCommand({
    name: 'checkpoint delete',
    summary: 'delete a checkpoint; its files are removed once nothing uses them',
    positionals: [checkpoint],
    options: changeOptions,
    examples: [{ command: "goqemu checkpoint delete 'before upgrade'", does: 'machines stay as they are' }],
    load: async () => (await import('../lab-commands.ts')).checkpointDelete,
  }),
  defineCommand({
    name: 'checkpoint flatten',
    summary: 'merge the layers of a checkpoint’s disk into one file on top of its image',
    description:
      'Reading through many layers is slow; beyond 16 layers this happens automatically. Machines keep running, and those based on the checkpoint use the merged file from their next start.',
    positionals: [checkpoint],
    options: changeOptions,
    examples: [{ command: "goqemu checkpoint flatten 'before upgrade'", does: 'and prints the disk space it takes' }],
    load: async () => (await import('../lab-commands.ts')).checkpointFlatten,
  }),
  defineCommand({
    name: 'checkpoint prune',
    summary: 'remove cached layers that no machine or checkpoint needs, and merge layers beyond the lab’s limits',
    description:
      'Otherwise up to 64 of them are kept, within the lab’s budget (20 GiB, or `layers: { budget }` in defineLab), so that a change can be reverted and a destroyed lab applied again without booting.',
    positionals: [],
    options: pruneOptions,
    examples: [{ command: 'goqemu checkpoint prune --dry-run', does: 'how much space that would free' }],
    load: async () => (await import('../lab-commands.ts')).checkpointPrune,
  }),
];
