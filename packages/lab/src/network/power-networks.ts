import { optionalVerb } from '../backend/optional-verb.ts';
import type { Operation } from '../resource/operation.ts';
import type { PowerInput } from '../resource/plan-input.ts';
import type { DiffContext, KindPlan } from '../resource/resource-kind.ts';
import { networkRef } from '../resource/resource-ref.ts';
import { decideStart, type NetworkWork } from './decide-network.ts';
import { labelOf } from './network-members.ts';
import { networkRows } from './network-state.ts';

/** Networks of machines that are started come up before them, as after a reboot of the host; none is taken down. */
export async function powerNetworks(
  { read: { state }, backend, call, verb, machines: named }: PowerInput,
  { operations: before }: Pick<DiffContext, 'operations'>,
): Promise<KindPlan> {
  const operations: Operation[] = [];
  const rows = Object.values(networkRows(state)).filter(
    ({ phase, machines }) =>
      phase === 'made' && (named === undefined || machines.some((machine) => named.includes(labelOf(machine)))),
  );
  const isUp = verb === 'start' || verb === 'restart' || verb === 'resume';
  const observed = isUp && rows.length > 0 ? await optionalVerb(backend, 'observeNetworks')?.(call) : undefined;
  for (const { name, spec, machines } of isUp ? rows : []) {
    const decision = decideStart(observed?.get(name));
    if (!decision) continue;
    const last = operations.at(-1);
    const work: NetworkWork = { spec, machines };
    const id = `op-${before + operations.length + 1}`;
    operations.push({ id, resource: networkRef(name), dependsOn: last ? [last.id] : [], ...decision, work });
  }
  return { operations, notices: [], preflight: [] };
}
