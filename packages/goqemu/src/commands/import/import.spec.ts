import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  pid: { kind: 'number', value: 'N', least: 1, most: 4_194_304, summary: 'process ID of the QEMU' },
  socket: { kind: 'text', value: 'PATH', summary: 'socket of its QMP monitor', completes: 'file' },
  authorize: {
    kind: 'flag',
    summary: "install the lab's access key in the guest through its agent, for exec, ssh, cp and steps",
  },
  'steps-done': { kind: 'flag', summary: "treat the lab's steps as done instead of running them at the next apply" },
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ImportOptions = typeof options;

export const importCommand = defineCommand({
  name: 'import',
  summary: 'add a QEMU process started outside goqemu to the lab',
  description:
    'The lab must describe the machine as it is: what differs is shown, and nothing is recorded or changed. Its disk\nstays where it is, also when the machine is destroyed. goqemu keeps no layers of it, so it has no checkpoints, and\na plan that would have to take it back or start it again is refused until --replace asks for a new machine.',
  positionals: [{ name: 'MACHINE', summary: 'name of the machine in the lab' }],
  options,
  examples: [
    { command: 'goqemu import web --pid 4711', does: 'a process' },
    { command: 'goqemu import web --socket /run/web.qmp --authorize', does: 'by its monitor, with SSH access' },
  ],
  load: async () => (await import('../lab-commands.ts')).importMachine,
});
