import type { MachineSpec } from './machine-spec.ts';
import { type HostPort, hostPortOf } from './port-forward.ts';

/** Every port of the host that a machine takes while it runs. */
export function hostPortsOf({ identity, forwards }: Pick<MachineSpec, 'identity' | 'forwards'>): readonly HostPort[] {
  return [identity.sshPort, ...Object.values(forwards).map(hostPortOf)];
}

/** Forwards that were added manually stay, but for those whose port the lab gives to one of its own now. */
export function withManual(
  declared: MachineSpec['forwards'],
  recorded: MachineSpec['forwards'] | undefined,
): MachineSpec['forwards'] {
  const taken = new Set(Object.values(declared).map(hostPortOf));
  const kept = Object.entries(recorded ?? {}).filter(
    ([name, forward]) => forward.manual && !Object.hasOwn(declared, name) && !taken.has(hostPortOf(forward)),
  );
  return kept.length === 0 ? declared : { ...declared, ...Object.fromEntries(kept) };
}
