import { qemuArchitectures } from '@goqemu/spec';
import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';

const arch = {
  arch: {
    kind: 'text',
    value: 'ARCH',
    choices: qemuArchitectures,
    summary: "the guest's architecture; x86_64 unless given",
  },
} as const satisfies OptionSpecs;

const fetchOptions = { ...arch, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const listOptions = {
  all: { kind: 'flag', short: 'a', summary: 'the whole catalogue, not only what is cached' },
  ...jsonOption,
} as const satisfies OptionSpecs;
const plainOptions = { ...jsonOption } as const satisfies OptionSpecs;
const removeOptions = { ...yesOption, ...jsonOption } as const satisfies OptionSpecs;

export type ImageFetchOptions = typeof fetchOptions;
export type ImageListOptions = typeof listOptions;
export type ImagePlainOptions = typeof plainOptions;

const image = { name: 'IMAGE', summary: 'a name of the catalogue, a URL, or a file' } as const;
const cached = { name: 'IMAGE', summary: 'a name, a file name, or the beginning of a digest' } as const;

export const imageCommands = [
  defineCommand({
    name: 'image list',
    summary: 'list the cached images',
    positionals: [],
    options: listOptions,
    examples: [{ command: 'goqemu image list --all', does: 'every name that a lab may use' }],
    load: () => import('./list.ts'),
  }),
  defineCommand({
    name: 'image pull',
    summary: 'fetch an image, verified, before a lab needs it',
    description:
      'Downloads it again where the publisher has a newer one. A Debian whose publisher cannot be reached is built.',
    positionals: [image],
    options: fetchOptions,
    examples: [{ command: 'goqemu image pull debian-12', does: 'into ~/qemu/img' }],
    load: async () => (await import('./fetch.ts')).pull,
  }),
  defineCommand({
    name: 'image build',
    summary: 'build an image here from its distribution’s mirror',
    positionals: [image],
    options: fetchOptions,
    examples: [{ command: 'goqemu image build debian-12', does: 'whether its publisher can be reached or not' }],
    load: async () => (await import('./fetch.ts')).build,
  }),
  defineCommand({
    name: 'image verify',
    summary: 'compare cached images with their digests',
    positionals: [{ ...cached, optional: true }],
    options: plainOptions,
    examples: [{ command: 'goqemu image verify', does: 'all of them' }],
    load: () => import('./verify.ts'),
  }),
  defineCommand({
    name: 'image remove',
    summary: 'remove a cached image that nothing uses',
    positionals: [cached],
    options: removeOptions,
    examples: [{ command: 'goqemu image remove debian-12', does: 'refused, with who uses it, while it is in use' }],
    load: () => import('./remove.ts'),
  }),
];
