import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  source: {
    kind: 'text',
    value: 'SOURCE',
    choices: ['console', 'qemu'],
    summary: "serial console, or QEMU's own messages (default: console)",
  },
  follow: { kind: 'flag', short: 'f', summary: 'follow the log until Ctrl-C' },
  lines: { kind: 'number', short: 'n', value: 'N', least: 0, most: 1_000_000, summary: 'only the last N lines' },
} as const satisfies OptionSpecs;

export type LogsOptions = typeof options;

export const logsCommand = defineCommand({
  name: 'logs',
  summary: 'show the console output of a machine',
  positionals: [{ name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' }],
  options,
  examples: [
    { command: 'goqemu logs web -f', does: 'follow the console' },
    { command: 'goqemu logs web --source qemu', does: "QEMU's own messages" },
  ],
  load: async () => (await import('../reaching-commands.ts')).logs,
});
