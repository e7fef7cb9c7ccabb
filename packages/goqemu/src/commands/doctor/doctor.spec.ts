import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  clear: {
    kind: 'list',
    value: 'ID',
    summary: 'remove the machines, networks, layers and keys left behind by a lab whose state is gone',
  },
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type DoctorOptions = typeof options;

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check that this host has what goqemu needs',
  description:
    'Exits with 1 when something that labs need is missing. Also lists machines, networks and layers that no state refers\nto any more, because its folder .goqemu was removed or moved, with the space they take.',
  positionals: [],
  options,
  examples: [
    { command: 'goqemu doctor', does: 'before the first apply, or when one fails' },
    { command: 'goqemu doctor --clear web-0123456789ab', does: 'what doctor reported as left behind' },
  ],
  load: () => import('./doctor.ts'),
});
