import { canonicalJson, formatByteSize, GoqemuError } from '@goqemu/core';
import { hostPortOf, type MachineSpec, type PortForward, propertiesWith, sizeProperties } from '@goqemu/spec';
import type { ImportableMachine } from '../backend/backend.ts';
import type { MachineDeclaration } from '../evaluate/lab.ts';
import type { PropertyChange } from '../resource/operation.ts';

/** What the lab says of a machine and what the running one has, where they differ. */
export function importDifferences(
  declaration: MachineDeclaration,
  spec: MachineSpec,
  found: ImportableMachine,
): readonly PropertyChange[] {
  const left = new Set<string>(declaration.ignoreChanges);
  const named = propertiesWith('imported', 'equal', 'measured');
  const differences = named.flatMap((property): PropertyChange[] =>
    found[property] === spec[property] || left.has(property)
      ? []
      : [{ property, before: found[property], after: spec[property] }],
  );
  // A host name that the lab does not write is the machine's own.
  const { hostname } = spec.identity;
  if (found.hostname !== undefined && hostname !== declaration.name && hostname !== found.hostname)
    differences.push({ property: 'hostname', before: found.hostname, after: hostname });
  if (spec.networks) differences.push({ property: 'networks', before: [], after: spec.networks });
  if (spec.network) differences.push({ property: 'network', after: spec.network });
  if (left.has('forward')) return differences;
  for (const [name, { protocol, host, guest }] of Object.entries(declaration.forwards)) {
    const there = found.forwards.find((forward) => forward.guest === guest && forward.protocol === protocol);
    const named = protocol ? { protocol, guest } : { guest };
    const wanted = declaration.fixedPorts.includes(hostPortOf({ ...named, host })) ? { host, ...named } : named;
    if (there && (!('host' in wanted) || there.host === host)) continue;
    differences.push({ property: `forward.${name}`, ...(there ? { before: there } : {}), after: wanted });
  }
  return differences;
}

/** The machine's own ports, by the names that the lab gives them. */
export function foundForwards(
  declaration: MachineDeclaration,
  found: ImportableMachine,
): Readonly<Record<string, PortForward>> {
  return Object.fromEntries(
    Object.entries(declaration.forwards).map(([name, forward]) => [
      name,
      found.forwards.find(({ guest, protocol }) => guest === forward.guest && protocol === forward.protocol) ?? forward,
    ]),
  );
}

/** Nothing of a machine is changed to fit the lab: the lab's author declares what it has. */
export function differsFromLab(declaration: MachineDeclaration, differences: readonly PropertyChange[]): GoqemuError {
  return new GoqemuError({
    code: 'import-differs',
    source: 'user',
    subject: declaration.name,
    message: `the running machine does not match the lab’s ${declaration.name}`,
    detail: differences
      .map(
        ({ property, before, after }) =>
          `${property}: ${shown(property, before)} there, ${shown(property, after)} in the lab`,
      )
      .join('\n'),
    hint: 'write into the lab what the machine has, or name it in ignoreChanges, and import again',
    ...(declaration.location ? { location: declaration.location } : {}),
    data: { differences },
  });
}

function shown(property: string, value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number' && sizeProperties.has(property)) return formatByteSize(value);
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}
