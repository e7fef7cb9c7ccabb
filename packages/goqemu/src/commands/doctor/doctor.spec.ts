import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';

const options = {
  clear: {
    kind: 'list',
    value: 'ID',
    summary: 'remove what a lab whose state is gone has left behind: machines, layers and keys',
  },
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type DoctorOptions = typeof options;

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check what this host has and lacks',
  description:
    'Exits with 1 when something is missing that labs need. Names machines and layers that no state reaches, since its\nfolder .goqemu was removed or moved, with what they take.',
  positionals: [],
  options,
  examples: [
    { command: 'goqemu doctor', does: 'before the first apply, or when one fails' },
    { command: 'goqemu doctor --clear web-0123456789ab', does: 'what doctor said was left behind' },
  ],
  load: () => import('./doctor.ts'),
});
