import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type ConsoleOptions = typeof options;

export const consoleCommand = defineCommand({
  name: 'console',
  summary: 'attach to the serial console of a machine',
  description: 'Press Ctrl-] to detach. The console accepts one client at a time; see earlier output with goqemu logs.',
  positionals: [{ name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' }],
  options,
  examples: [{ command: 'goqemu console web', does: 'when SSH does not answer' }],
  load: async () => (await import('../reaching-commands.ts')).consoleAttach,
});
