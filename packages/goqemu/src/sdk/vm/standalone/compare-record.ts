import { formatByteSize, GoqemuError } from '@goqemu/core';
import type { StandaloneRecord } from '@goqemu/vm';
import type { VmShape } from '../options/vm-config.ts';

/**
 * A VM that is there already keeps what it is: options that were given have to say the same, the others are its own.
 *
 * @throws GoqemuError `vm-differs` with each option, what was asked for and what it is
 */
export function refuseDifference(record: StandaloneRecord, given: Partial<VmShape>): void {
  const { spec } = record;
  const bytes = (value: number | undefined) => (value === undefined ? undefined : formatByteSize(value));
  const compared: readonly (readonly [keyof VmShape, unknown, unknown])[] = [
    ['image', given.image, record.image],
    ['memory', bytes(given.memory), bytes(spec.memory)],
    ['cpus', given.cpus, spec.cpus],
    ['disk', bytes(given.disk), bytes(spec.disk)],
    ['snapshots', given.snapshots, record.snapshots],
    ['network', given.network, record.networkWish],
    ['forward', given.forward && sorted(given.forward), sorted(record.forward)],
    ['user', given.user, spec.user],
    ['accelerator', given.accelerator, spec.accelerator],
  ];
  const lines = compared
    .filter(([, asked, is]) => asked !== undefined && JSON.stringify(asked) !== JSON.stringify(is))
    .map(([option, asked, is]) => `${option}: asked for ${JSON.stringify(asked)}, it has ${JSON.stringify(is)}`);
  if (lines.length === 0) return;
  throw new GoqemuError({
    code: 'vm-differs',
    source: 'user',
    subject: record.name,
    message: `there is a VM "${record.name}" already, and it is not what was asked for`,
    detail: lines.join('\n'),
    hint: `take it as it is with attachVM('${record.name}'), delete it first, or choose another name`,
  });
}

function sorted(forward: VmShape['forward']): unknown {
  return Object.entries(forward)
    .map(([label, { guest, host }]) => [label, guest, host ?? null])
    .sort(([a], [b]) => String(a).localeCompare(String(b)));
}
