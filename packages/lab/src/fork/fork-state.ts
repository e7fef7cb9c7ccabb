import type { MachineSpec } from '@goqemu/spec';
import type { FoundCheckpoint } from '../checkpoint/found-checkpoint.ts';
import { neededLayers } from '../layer/collect-layers.ts';
import { networkRows } from '../network/network-state.ts';
import type { ForkOrigin, LabState, MachineState, StatePatch } from '../state/lab-state.ts';
import { secretLineage } from './inheritance.ts';

/** What a fork's state begins with: its machines are to be made, and what is behind them is their origin's. */
export function forkPatch(
  source: LabState,
  found: FoundCheckpoint,
  specs: ReadonlyMap<string, MachineSpec>,
  owner: ForkOrigin['owner'],
): StatePatch {
  const machines = [...specs].map(([name, spec]) => [name, forked(source, found, name, spec)] as const);
  const templates = Object.values(source.resources.machine).flatMap((machine) =>
    machine.spec.kind === 'template' ? [[machine.name, adopted(machine)] as const] : [],
  );
  const rows = Object.fromEntries([...machines, ...templates]);
  const taken = source.checkpoints[found.id];
  const checkpoints = taken ? { [found.id]: { ...taken, machines: pick(taken.machines, specs) } } : {};
  const needed = neededLayers({ ...source, resources: { machine: rows }, checkpoints });
  const all = Object.values(source.resources.machine).filter((machine) => machine.spec.kind === 'vm');
  return {
    forkedFrom: {
      stack: source.stack,
      checkpoint: { id: found.id, description: found.description },
      root: source.forkedFrom?.root ?? source.stack,
      lineages: [source.lineage, ...(source.forkedFrom?.lineages ?? [])],
      secrets: Object.fromEntries(Object.keys(source.secrets).map((name) => [name, secretLineage(source, name)])),
      ...(all.every((machine) => specs.has(machine.name)) ? {} : { machines: [...specs.keys()] }),
      ...(owner ? { owner } : {}),
    },
    resources: { machine: rows, ...forkedNetworks(source, specs) },
    checkpoints,
    layers: Object.fromEntries(Object.entries(source.layers).filter(([key]) => needed.has(key))),
    captures: source.captures,
    secrets: source.secrets,
    runs: source.runs,
    durations: source.durations,
  };
}

function forked(source: LabState, found: FoundCheckpoint, name: string, spec: MachineSpec): MachineState {
  const {
    cutting: _cutting,
    above: _above,
    power: _power,
    failed,
    ...before
  } = source.resources.machine[name] as MachineState;
  const isFailed = found.origin === 'failed';
  const { layer, applied } = found.machines[name] ?? { layer: null, applied: [] };
  const all = [...before.applied, ...(source.resources.machine[name]?.above ?? []).slice(before.applied.length)];
  return {
    ...before,
    spec,
    record: {},
    applied,
    ...(all.length > applied.length ? { above: all } : {}),
    layer,
    phase: 'making',
    ready: false,
    // Half done: an apply in the fork takes it back first, as in the lab.
    dirty: isFailed,
    ...(isFailed && failed ? { failed } : {}),
    protect: false,
    retain: false,
  };
}

/** Networks of its own with the same addresses, so that nothing in its guests changes. */
function forkedNetworks(source: LabState, specs: ReadonlyMap<string, MachineSpec>): StatePatch['resources'] {
  const names = new Set([...specs.values()].map(({ name }) => name));
  const rows = Object.entries(networkRows(source)).map(([name, network]) => {
    const machines = network.machines.filter((machine) => names.has(machine.name));
    return [name, { ...network, machines, record: {}, phase: 'made' as const }] as const;
  });
  return rows.length === 0 ? {} : { network: Object.fromEntries(rows) };
}

/** A template's layers are there for all; a fork makes it only when it needs others. */
function adopted({
  cutting: _cutting,
  above: _above,
  power: _power,
  failed: _failed,
  ...template
}: MachineState): MachineState {
  return { ...template, record: null, dirty: false, ready: true, phase: 'made', protect: false, retain: false };
}

function pick<T>(machines: Readonly<Record<string, T>>, names: ReadonlyMap<string, unknown>): Record<string, T> {
  return Object.fromEntries(Object.entries(machines).filter(([name]) => names.has(name)));
}
