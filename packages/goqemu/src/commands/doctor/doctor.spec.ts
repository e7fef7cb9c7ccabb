import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';

const options = { ...jsonOption } as const satisfies OptionSpecs;

export type DoctorOptions = typeof options;

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check what this host has and lacks',
  description: 'Exits with 1 when something is missing that labs need.',
  positionals: [],
  options,
  examples: [{ command: 'goqemu doctor', does: 'before the first apply, or when one fails' }],
  load: () => import('./doctor.ts'),
});
