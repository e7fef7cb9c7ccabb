import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  good: { kind: 'text', value: 'VALUE', summary: 'the one that works' },
  bad: { kind: 'text', value: 'VALUE', summary: 'a later one that does not' },
  at: { kind: 'text', value: 'CHECKPOINT', summary: 'the checkpoint that each try begins at', completes: 'checkpoint' },
  machine: {
    kind: 'text',
    short: 'm',
    value: 'MACHINE',
    summary: 'the machine that COMMAND runs in (default: the only one)',
    completes: 'machine',
  },
  git: {
    kind: 'text',
    value: 'FOLDER',
    summary: 'search in the revisions of this git repository of the host (the default, with the working folder)',
    completes: 'folder',
  },
  package: { kind: 'text', value: 'NAME', summary: 'search in the versions of a package that the machine’s apt knows' },
  list: { kind: 'text', value: 'FILE', summary: 'search in the lines of a text file', completes: 'file' },
  workers: {
    kind: 'number',
    short: 'w',
    value: 'N',
    least: 1,
    most: 64,
    summary: 'tries at a time (default: as many as the host has processors, and memory for forks)',
  },
  timeout: {
    kind: 'number',
    value: 'SECONDS',
    least: 1,
    most: 604_800,
    summary: 'what COMMAND may take; one that takes longer is bad (default: 600)',
  },
  user: { kind: 'text', short: 'u', value: 'NAME', summary: "user in the guest (default: the machine's user)" },
  ...parameterOptions,
  ...labOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type BisectOptions = typeof options;

export const bisectCommand = defineCommand({
  name: 'bisect',
  summary: 'find the first revision, version or value with which a command fails',
  description:
    'Each try is a fork of the lab at a checkpoint, in which COMMAND runs with the value as GOQEMU_BISECT; several run at\nonce. Of a git revision the guest gets the files of the folder, and COMMAND runs among them; of a package, that version\nis installed first. COMMAND says by its exit code what the value is: 0 good, 125 that it cannot be tested, and any other\ncode bad. Both ends are tried first. Exits with 0 when the first bad one was found, and with 1 when it is one of several.',
  positionals: [],
  rest: { name: 'COMMAND', summary: 'a program and its arguments' },
  options,
  examples: [
    { command: 'goqemu bisect --at ready --good v1.2 --bad main -- ./install-and-check.sh', does: 'git revisions' },
    {
      command: 'goqemu bisect --at ready --package nginx --good 1.22.1-9 --bad 1.22.1-9+deb12u1 -- nginx -t',
      does: 'versions of a package',
    },
    {
      command:
        "goqemu bisect --at ready --list sizes.txt --good 64 --bad 4096 -- sh -c 'load-test --size $GOQEMU_BISECT'",
      does: 'lines of a file',
    },
  ],
  load: () => import('./bisect.ts'),
});
