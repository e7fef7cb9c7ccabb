import type { DoctorFact, LabFootprint } from '@goqemu/lab';
import type { FakeHost } from './fake-host.ts';

/** That it is a fake, which is all that can be found out about one. */
export const fakeFacts: readonly DoctorFact[] = [
  { name: 'backend', status: 'ok', finding: 'fake: machines are entries in a file' },
];

/** What labs have on a fake host, by the lineage of their states. */
export function fakeFootprints({ machines, layers, switches }: FakeHost): readonly LabFootprint[] {
  const owned = [...layers.values()].flatMap(({ owners }) => (owners.size === 1 ? [...owners] : []));
  const found = [...machines].flatMap(([id, machine]) => {
    const [, lab, lineage] = /^([^-]+)-.+-([0-9a-f]{12})\//.exec(id) ?? [];
    return lab && lineage ? [{ lab, lineage, name: machine.spec.name, running: machine.status === 'running' }] : [];
  });
  const carried = new Map(
    [...switches].flatMap(([id, { status }]) => {
      const [, lab, lineage] = /^([^-]+)-.+-([0-9a-f]{12})$/.exec(id) ?? [];
      return lab && lineage && status === 'running' ? [[lineage, lab] as const] : [];
    }),
  );
  const lineages = [...found.map(({ lineage }) => lineage), ...carried.keys(), ...owned];
  return [...new Set(lineages)].map((lineage) => {
    const own = found.filter((one) => one.lineage === lineage);
    const count = owned.filter((one) => one === lineage).length;
    return {
      lineage,
      lab: own[0]?.lab ?? carried.get(lineage),
      machines: own.map(({ name, running }, index) => ({
        name,
        isRunning: running,
        ...(running ? { display: { pid: 1000 + index } } : {}),
      })),
      ...(carried.has(lineage) ? { networks: { display: { pid: 900 } } } : {}),
      layers: count,
      bytes: 2 ** 20 * (own.length + count),
    };
  });
}

/** Leaves nothing of one lab on a fake host. */
export function removeFakeFootprint({ machines, layers, switches }: FakeHost, { lineage }: LabFootprint): void {
  for (const id of switches.keys()) if (id.endsWith(`-${lineage}`)) switches.delete(id);
  for (const id of machines.keys()) if (id.includes(`-${lineage}/`)) machines.delete(id);
  for (const [key, { owners }] of layers) if (owners.delete(lineage) && owners.size === 0) layers.delete(key);
}
