import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type QmpOptions = typeof options;

export const qmpCommand = defineCommand({
  name: 'qmp',
  summary: 'send a QMP command to the QEMU of a machine',
  description:
    'Prints what the command returned, as JSON. Goes over the monitor for readers, also of a paused\nmachine. A machine that was paused by it stays so until "goqemu resume"; other changes that goqemu did not make show as\ndrift in the next plan.',
  positionals: [
    { name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' },
    { name: 'COMMAND', summary: 'such as query-status' },
    { name: 'ARGUMENTS', summary: 'a JSON object', optional: true },
  ],
  options,
  examples: [
    { command: 'goqemu qmp web query-status', does: 'running or paused' },
    { command: 'goqemu qmp web stop', does: 'pauses it; goqemu qmp web cont, or goqemu resume web, continues it' },
    { command: `goqemu qmp web human-monitor-command '{"command-line":"info block"}'`, does: 'the human monitor' },
  ],
  load: async () => (await import('../reaching-commands.ts')).qmp,
});
