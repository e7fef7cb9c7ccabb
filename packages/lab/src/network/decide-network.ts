import { canonicalJson } from '@goqemu/core';
import { allowedKind, allowSummary, type NetworkSpec, networkProperties } from '@goqemu/spec';
import type { NetworkMachine, ObservedNetwork } from '../backend/backend.ts';
import { propertyDiff } from '../plan/property-diff.ts';
import type { Operation, PropertyChange } from '../resource/operation.ts';
import { labelOf } from './network-members.ts';
import type { NetworkState } from './network-state.ts';

/** What a network is to be: what carrying out an operation on it means. */
export interface NetworkWork {
  readonly spec: NetworkSpec;
  /** With their cards in it. */
  readonly machines: readonly NetworkMachine[];
  /** No machine runs in any network: what is wanted is noted, and made when the first one starts. */
  readonly isParked?: true;
}

export type NetworkDecision = Pick<Operation, 'action' | 'reason' | 'diff' | 'changeClass'>;

/** Undefined for one that is as it should be. */
export function decideNetwork(
  wanted: NetworkWork,
  row: NetworkState | undefined,
  { observed, isParked }: { readonly observed: ObservedNetwork | undefined; readonly isParked: boolean },
): NetworkDecision | undefined {
  if (!row || row.record === null || row.phase === 'deleting') {
    const reason = row ? 'an apply was interrupted while creating or removing it' : 'not created yet';
    return { action: 'create', reason, diff: propertyDiff({}, shown(wanted)) };
  }
  const diff = propertyDiff(shown(row), shown(wanted));
  const isSame = canonicalJson([row.spec, row.machines]) === canonicalJson([wanted.spec, wanted.machines]);
  if (!isSame) return { action: 'update', reason: whyUpdate(diff), changeClass: 'live', diff };
  if (row.phase !== 'made')
    return { action: 'update', reason: 'an apply was interrupted while changing it', changeClass: 'live', diff };
  return decideStart(observed, { isParked });
}

/** Undefined for one that runs. */
export function decideStart(
  observed: ObservedNetwork | undefined,
  { isParked = false }: { readonly isParked?: boolean } = {},
): NetworkDecision | undefined {
  if (observed?.status === 'running') return undefined;
  if (isParked) return { action: 'start', reason: 'a machine in it is to run', diff: [] };
  const isThere = observed !== undefined && observed.status !== 'absent';
  const reason = observed?.reason ?? (isThere ? 'it is down' : 'nothing of it is there');
  return { action: 'start', reason, diff: [] };
}

const machineRow = 'machine.';

/** The rows that plans show of a network. */
function shown({ spec, machines }: NetworkWork): Readonly<Record<string, unknown>> {
  const { cidr, cidr6, mtu, nat, internet, faults = {} } = spec;
  const cards = machines.flatMap((machine) =>
    machine.cards.map(({ name, ip, ip6 }) => {
      const card = name === spec.name ? '' : `.${name}`;
      return [`${machineRow}${labelOf(machine)}${card}`, ip6 === undefined ? ip : `${ip} ${ip6}`] as const;
    }),
  );
  return {
    cidr,
    cidr6,
    ...(mtu === networkProperties.mtu.default ? {} : { mtu }),
    ...(nat ? { nat } : {}),
    ...(internet ? allowRows(internet.allow) : {}),
    ...Object.fromEntries(faultRows(faults, 'faults')),
    ...Object.fromEntries(cards),
  };
}

/** How much is allowed, and a row for each place, so that plans show which comes and goes. */
function allowRows(allow: readonly string[]): Readonly<Record<string, unknown>> {
  const places = allow.map((place) => [`internet.${place}`, allowedKind(place)] as const);
  return { internet: `allow ${allowSummary(allow)}`, ...Object.fromEntries(places) };
}

/** A row for each amount, so that plans show what changes. */
function faultRows(faults: object, before: string): (readonly [string, unknown])[] {
  return Object.entries(faults).flatMap(([name, value]) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? faultRows(value, `${before}.${name}`) : [[`${before}.${name}`, value] as const];
  });
}

function whyUpdate(diff: readonly PropertyChange[]): string {
  const cards = diff.filter(({ property }) => property.startsWith(machineRow));
  const names = (changes: readonly PropertyChange[]) =>
    changes.map(({ property }) => property.slice(machineRow.length)).join(', ');
  const joins = cards.filter(({ before }) => before === undefined);
  const leaves = cards.filter(({ after }) => after === undefined);
  const rest = diff.filter((change) => !cards.includes(change));
  const own = [...new Set(rest.map(({ property }) => property.split('.')[0]))];
  const reasons = [
    ...(own.length > 0
      ? [`its ${own.join(' and ')} ${own.length === 1 && own[0] !== 'faults' ? 'changes' : 'change'}`]
      : []),
    ...(joins.length > 0 ? [`${names(joins)} ${joins.length === 1 ? 'joins' : 'join'}`] : []),
    ...(leaves.length > 0 ? [`${names(leaves)} ${leaves.length === 1 ? 'leaves' : 'leave'}`] : []),
  ];
  return reasons.length > 0 ? reasons.join('; ') : 'its machines have changed';
}
