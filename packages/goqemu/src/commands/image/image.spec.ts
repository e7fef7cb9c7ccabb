import { qemuArchitectures } from '@goqemu/spec';
import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const arch = {
  arch: {
    kind: 'text',
    value: 'ARCH',
    choices: qemuArchitectures,
    summary: 'architecture of the guest (default: that of the host)',
  },
} as const satisfies OptionSpecs;

const fetchOptions = { ...arch, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;
const listOptions = {
  all: { kind: 'flag', short: 'a', summary: 'list the whole catalogue, not only cached images' },
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
    summary: 'download and verify an image before a lab needs it',
    description:
      'Downloads the image again if the publisher has a newer one. If Debian’s publisher cannot be reached, the image is built instead.',
    positionals: [image],
    options: fetchOptions,
    examples: [{ command: 'goqemu image pull debian-12', does: 'into ~/qemu/img' }],
    load: async () => (await import('./fetch.ts')).pull,
  }),
  defineCommand({
    name: 'image build',
    summary: 'build an image on this host from its distribution’s mirror',
    positionals: [image],
    options: fetchOptions,
    examples: [{ command: 'goqemu image build debian-12', does: 'whether its publisher can be reached or not' }],
    load: async () => (await import('./fetch.ts')).build,
  }),
  defineCommand({
    name: 'image verify',
    summary: 'check cached images against their digests',
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
    examples: [{ command: 'goqemu image remove debian-12', does: 'refused while it is in use, listing its users' }],
    load: () => import('./remove.ts'),
  }),
];
