import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  from: {
    kind: 'list',
    value: 'PATH',
    summary: 'a QEMU source tree (several are merged, oldest first), or the QMP socket of a running QEMU',
    completes: 'file',
  },
  out: {
    kind: 'text',
    short: 'o',
    value: 'FOLDER',
    summary: 'output folder (default: the working directory)',
    completes: 'folder',
  },
} as const satisfies OptionSpecs;

export type CodegenOptions = typeof options;

export const codegenCommand = defineCommand({
  name: 'codegen',
  summary: 'generate TypeScript declarations for QEMU’s commands and events',
  description:
    'From source trees: QMP and guest agent, with QEMU’s own names and the version that introduced each. From a\nmonitor: the commands and events of that binary.',
  positionals: [],
  options,
  examples: [
    { command: 'goqemu codegen --from ~/src/qemu-10.0 --out src/generated', does: 'from sources' },
    { command: 'goqemu codegen --from /run/vm/qmp.sock', does: 'from a running QEMU' },
  ],
  load: () => import('./codegen.ts'),
});
