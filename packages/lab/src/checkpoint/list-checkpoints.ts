import type { StoredLayer } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { forksOf } from '../fork/forks-of.ts';
import type { LabState } from '../state/lab-state.ts';
import type { CheckpointListReport, CheckpointReport } from './checkpoint-report.ts';
import { allCheckpoints } from './find-checkpoint.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';

export async function listCheckpoints(context: EngineContext, signal?: AbortSignal): Promise<CheckpointListReport> {
  const { state } = await context.read();
  const found = allCheckpoints(state);
  const keys = [...new Set(found.flatMap((one) => Object.values(one.machines).map((machine) => machine.layer)))];
  const stored: ReadonlyMap<string, StoredLayer> =
    keys.length > 0
      ? await context.backend.findLayers(keys, context.plainCall(state.lineage, 'checkpoints', signal))
      : new Map();
  const forks = await forksOf(context);
  const forksAt = (id: string) => forks.flatMap((fork) => (fork.checkpoint.id === id ? [fork.name] : []));
  return {
    version: 1,
    checkpoints: found.map((one) => ({ ...checkpointReport(one, stored, state), forks: forksAt(one.id) })),
  };
}

export function checkpointReport(
  found: FoundCheckpoint,
  stored: ReadonlyMap<string, StoredLayer>,
  state: LabState,
): CheckpointReport {
  const machines = Object.entries(found.machines).map(([name, machine]) => ({ name, layer: machine.layer }));
  const layers = machines.flatMap(({ layer }) => stored.get(layer) ?? []);
  const complete = layers.length > 0 && layers.length === machines.length;
  const newest = layers
    .map((layer) => layer.createdAt)
    .sort()
    .at(-1);
  return {
    version: 1,
    id: found.id,
    descriptions: [found.description, machines.length === 1 ? (machines[0]?.name ?? state.lab) : state.lab],
    createdAt: found.createdAt || (newest ?? ''),
    parent: found.parent,
    contents: [
      ...(complete ? ['disk' as const] : []),
      ...(complete && layers.every((layer) => layer.ram) ? ['ram' as const] : []),
      ...(complete && layers.some((layer) => layer.variables) ? ['uefi-variables' as const] : []),
    ],
    bytes: layers.reduce((sum, layer) => sum + layer.bytes, 0),
    origin: found.origin,
    machines,
    forks: [],
  };
}
