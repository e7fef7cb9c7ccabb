import { type HostPort, type MachineSpec, portNumber } from '@goqemu/spec';
import type { PortProblem } from '../backend/backend.ts';
import { type Allocations, Allocator } from '../evaluate/allocations.ts';

export interface PortChooser {
  /** The ports of these, for others to avoid. */
  readonly used: ReadonlySet<number>;
  readonly checkPorts: (ports: readonly HostPort[]) => Promise<readonly PortProblem[]>;
}

/** How often fresh ports are chosen again when a program listens on those that were chosen. */
const attempts = 8;

/** The same machines with ports of their own: nothing else of them differs, so they keep who they are. */
export async function withOwnPorts(
  specs: readonly MachineSpec[],
  { lineage, place }: Pick<Allocations, 'lineage' | 'place'>,
  { used, checkPorts }: PortChooser,
): Promise<readonly MachineSpec[]> {
  const avoid = new Set(used);
  for (let attempt = 1; ; attempt++) {
    const allocator = new Allocator({ lineage, place, machines: {}, avoid });
    const moved = specs.map((spec): MachineSpec => {
      const { sshPort } = allocator.identity(spec.name, spec.identity.hostname, undefined);
      const forwards = Object.entries(spec.forwards).map(
        ([name, forward]) =>
          [name, { ...forward, host: allocator.forwardPort(spec.name, undefined, { ...forward, name }) }] as const,
      );
      return { ...spec, identity: { ...spec.identity, sshPort }, forwards: Object.fromEntries(forwards) };
    });
    const taken = await checkPorts(allocator.fresh);
    if (taken.length === 0 || attempt === attempts) return moved;
    for (const { port } of taken) avoid.add(portNumber(port));
  }
}
