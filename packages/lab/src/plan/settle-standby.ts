import type { Operation } from '../resource/operation.ts';
import type { KindPlan, ResourceKind } from '../resource/resource-kind.ts';
import { resourceKey } from '../resource/resource-ref.ts';
import type { LabResource } from './lab-resources.ts';

/** Leaves out, or makes less of, what was only planned for resources that need it, where none of those is raised. */
export function settleStandby(
  plans: readonly KindPlan[],
  kinds: readonly ResourceKind[],
  declared: readonly LabResource[],
): readonly KindPlan[] {
  if (plans.every(({ standby, quiet }) => standby === undefined && quiet === undefined)) return plans;
  const raised = new Set(
    plans.flatMap(({ raised = [] }, index) =>
      raised.map((name) => resourceKey({ kind: kinds[index]?.kind ?? '', name })),
    ),
  );
  const needed = new Set(declared.flatMap(({ key, needs }) => (raised.has(key) ? [...needs] : [])));
  return plans.map((each, index) => {
    const kind = kinds[index]?.kind ?? '';
    const plan = declared.some(({ key, ref }) => ref.kind === kind && needed.has(key)) ? each : quietly(each);
    const out = new Map(
      plan.operations
        .filter(({ id, resource }) => plan.standby?.has(id) && !needed.has(resourceKey(resource)))
        .map((operation) => [operation.id, operation]),
    );
    const operations = plan.operations.filter(({ id }) => !out.has(id));
    return out.size === 0 ? plan : { ...plan, operations: operations.map((operation) => without(operation, out)) };
  });
}

function quietly({ quiet, ...plan }: KindPlan): KindPlan {
  if (quiet === undefined) return plan;
  const operations = plan.operations.map((operation) => {
    if (!quiet.has(operation.id)) return operation;
    const described = Object.getOwnPropertyDescriptors(operation);
    const work = { value: quiet.get(operation.id), enumerable: true };
    return Object.defineProperties({}, { ...described, work }) as Operation;
  });
  return { ...plan, operations };
}

/** It waits for what that which is left out would have waited for. */
function without(operation: Operation, out: ReadonlyMap<string, Operation>): Operation {
  const beyond = (id: string): readonly string[] => out.get(id)?.dependsOn.flatMap(beyond) ?? [id];
  const dependsOn = [...new Set(operation.dependsOn.flatMap(beyond))];
  const described = Object.getOwnPropertyDescriptors(operation);
  return Object.defineProperties({}, { ...described, dependsOn: { value: dependsOn, enumerable: true } }) as Operation;
}
