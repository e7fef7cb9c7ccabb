import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  user: {
    kind: 'text',
    short: 'u',
    value: 'NAME',
    summary: "user in the guest (default: the machine's user)",
  },
  workdir: {
    kind: 'text',
    short: 'w',
    value: 'PATH',
    summary: "working directory in the guest (default: the user's home)",
  },
  env: { kind: 'list', short: 'e', value: 'NAME=VALUE', summary: 'an environment variable' },
  stdin: { kind: 'flag', short: 'i', summary: 'pass standard input to the command; one machine only' },
  timeout: {
    kind: 'number',
    value: 'SECONDS',
    least: 1,
    most: 604_800,
    summary: 'time limit in seconds (default: none)',
  },
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ExecOptions = typeof options;

export const execCommand = defineCommand({
  name: 'exec',
  summary: 'run a command in one or more machines',
  description:
    'The first word after the machine that is not an option begins the command; everything after it belongs to the\ncommand. To name several machines, end their list with "--". The command is an argv: each word is quoted for the\nguest’s shell, none is interpreted. Exits with the guest’s code (128 and the signal’s number when a signal ended it),\n255 when there was no connection; of several machines, with the first code that is not 0. The output of several\nmachines has their names before each line.',
  positionals: [{ name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine', many: true }],
  rest: { name: 'COMMAND', summary: 'a program and its arguments' },
  options,
  examples: [
    { command: 'goqemu exec web uname -a', does: 'one machine' },
    { command: 'goqemu exec web worker-1 -- uptime', does: 'two machines in parallel' },
    { command: "goqemu exec web sh -c 'echo $HOME'", does: 'a shell of the guest' },
    { command: 'goqemu exec -i web tee /tmp/x < x', does: 'with standard input' },
  ],
  load: async () => (await import('../reaching-commands.ts')).exec,
});
