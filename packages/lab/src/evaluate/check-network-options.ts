import { type SourceLocation, shownValue } from '@goqemu/core';
import { allowMistake, faultMistake, networkProperties } from '@goqemu/spec';
import type { NetworkOptions } from '../definition/network-options.ts';
import { checkFlag } from './check-shapes.ts';
import { labError } from './lab-error.ts';

type Place = () => SourceLocation | undefined;

/** @throws GoqemuError `option-invalid`, `cidr-invalid`, `cidr6-invalid`, `mtu-invalid`, `internet-invalid`, `faults-invalid` */
export function checkNetworkOptions(name: string, options: NetworkOptions, place: Place): void {
  const { ipv6, nat, faults = {} } = options;
  for (const property of ['cidr', 'cidr6', 'mtu'] as const)
    if (options[property] !== undefined) checkProperty(name, property, options[property], place);
  for (const [option, value] of Object.entries({ ipv6, nat }))
    if (value !== undefined) checkFlag(value, { subject: name, option, place });
  checkInternet(name, options, place);
  checkFaults(name, faults, place);
}

function checkProperty(name: string, property: 'cidr' | 'cidr6' | 'mtu', value: unknown, place: Place): void {
  const { fits, expected, hint } = networkProperties[property].rule;
  if ((fits as (value: unknown) => boolean)(value)) return;
  const message = `${name}: ${property} must be ${expected}, got ${shownValue(value)}`;
  throw labError(`${property}-invalid`, { message, hint, location: place(), subject: name });
}

function checkInternet(name: string, { internet, nat }: Pick<NetworkOptions, 'internet' | 'nat'>, place: Place): void {
  if (internet === undefined) return;
  const mistake = allowMistake(internet);
  if (!mistake && !nat) return;
  throw labError('internet-invalid', {
    message: mistake
      ? `${name}: ${mistake.at} must be ${mistake.expected}`
      : `${name}: nat lets its machines reach everything, and internet only what its list allows`,
    hint: mistake ? "write internet: { allow: ['packages.example.org'] }" : 'leave one of the two out',
    location: place(),
    subject: name,
  });
}

function checkFaults(name: string, faults: unknown, place: Place): void {
  const mistake = faultMistake(faults);
  if (!mistake) return;
  const at = mistake.at ? `faults.${mistake.at}` : 'faults';
  const message = `${name}: ${at} must be ${mistake.expected}`;
  const hint = 'write faults: { latency: 50, loss: 0.01 }';
  throw labError('faults-invalid', { message, hint, location: place(), subject: name });
}
