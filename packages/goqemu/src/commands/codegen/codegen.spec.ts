import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';

const options = {
  from: {
    kind: 'list',
    value: 'PATH',
    summary: 'a source tree of QEMU (several are merged, old before new), or the QMP socket of one that runs',
    completes: 'file',
  },
  out: {
    kind: 'text',
    short: 'o',
    value: 'FOLDER',
    summary: 'where the files go; here unless given',
    completes: 'folder',
  },
} as const satisfies OptionSpecs;

export type CodegenOptions = typeof options;

export const codegenCommand = defineCommand({
  name: 'codegen',
  summary: 'write TypeScript declarations of a QEMU’s commands and events',
  description:
    'From source trees: QMP and guest agent, with QEMU’s own names and the version that brought each. From a\nmonitor: those of the very binary that answers.',
  positionals: [],
  options,
  examples: [
    { command: 'goqemu codegen --from ~/src/qemu-10.0 --out src/generated', does: 'from sources' },
    { command: 'goqemu codegen --from /run/vm/qmp.sock', does: 'from a running QEMU' },
  ],
  load: () => import('./codegen.ts'),
});
