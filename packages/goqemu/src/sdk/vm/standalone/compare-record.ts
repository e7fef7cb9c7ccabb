import { formatByteSize, GoqemuError } from '@goqemu/core';
import { simpleProperties, sizeProperties } from '@goqemu/spec';
import type { StandaloneRecord } from '@goqemu/vm';
import type { VmShape } from '../options/vm-config.ts';

/**
 * A VM that is there already keeps what it is: options that were given have to say the same, the others are its own.
 *
 * @throws GoqemuError `vm-differs` with each option, what was asked for and what it is
 */
export function refuseDifference(record: StandaloneRecord, given: Partial<VmShape>): void {
  const { spec } = record;
  const compared: readonly (readonly [keyof VmShape, unknown, unknown])[] = [
    ['image', given.image, record.image],
    ...simpleProperties.map(
      (property) => [property, shown(property, given[property]), shown(property, spec[property])] as const,
    ),
    ['hostname', given.hostname, spec.identity.hostname],
    ['snapshots', given.snapshots, record.snapshots],
    ['network', given.network, record.networkWish],
    ['forward', given.forward && sorted(given.forward), sorted(record.forward)],
  ];
  const lines = compared
    .filter(([, asked, is]) => asked !== undefined && JSON.stringify(asked) !== JSON.stringify(is))
    .map(([option, asked, is]) => `${option}: requested ${JSON.stringify(asked)}, it has ${JSON.stringify(is)}`);
  if (lines.length === 0) return;
  throw new GoqemuError({
    code: 'vm-differs',
    source: 'user',
    subject: record.name,
    message: `there is a VM "${record.name}" already, with other options`,
    detail: lines.join('\n'),
    hint: `take it as it is with attachVM('${record.name}'), delete it first, or choose another name`,
  });
}

function shown(property: string, value: unknown): unknown {
  return typeof value === 'number' && sizeProperties.has(property) ? formatByteSize(value) : value;
}

function sorted(forward: VmShape['forward']): unknown {
  return Object.entries(forward)
    .map(([label, { guest, host, protocol }]) => [label, guest, host ?? null, ...(protocol ? [protocol] : [])])
    .sort(([a], [b]) => String(a).localeCompare(String(b)));
}
