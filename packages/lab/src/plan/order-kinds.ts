import type { Operation } from '../resource/operation.ts';
import type { KindPlan } from '../resource/resource-kind.ts';
import { resourceKey } from '../resource/resource-ref.ts';
import type { LabResource } from './lab-resources.ts';

/**
 * The operations of all kinds as those of one plan: what is done with a resource comes after what is done with those of
 * other kinds that it needs, and a removal after everything that is done with the kinds above, which may still use it.
 */
export function orderKinds(plans: readonly KindPlan[], declared: readonly LabResource[]): readonly Operation[] {
  const [only] = plans;
  if (only && plans.length === 1) return only.operations;
  const operations = plans.flatMap((plan) => plan.operations);
  const last = new Map(operations.map((operation) => [resourceKey(operation.resource), operation.id]));
  const needs = new Map(declared.map((resource) => [resource.key, resource.needs]));
  const begun = new Set<string>();
  return operations.map((operation) => {
    const key = resourceKey(operation.resource);
    const waits: string[] = [];
    if (!begun.has(key)) for (const other of needs.get(key) ?? []) if (isOther(other, operation)) waits.push(other);
    begun.add(key);
    const after = waits.flatMap((other) => last.get(other) ?? []);
    if (operation.action === 'delete') after.push(...lastAbove(plans, operation));
    return after.length === 0 ? operation : waitingFor(operation, after);
  });
}

function isOther(key: string, { resource }: Operation): boolean {
  return !key.startsWith(`${resource.kind}/`);
}

/** The last operation of each resource of a kind above. */
function lastAbove(plans: readonly KindPlan[], operation: Operation): readonly string[] {
  const own = plans.findIndex((plan) => plan.operations.includes(operation));
  const above = plans.slice(own + 1).flatMap((plan) => plan.operations);
  return [...new Map(above.map(({ resource, id }) => [resourceKey(resource), id])).values()];
}

/** A place that is worked out when it is asked for stays one. */
function waitingFor(operation: Operation, ids: readonly string[]): Operation {
  const dependsOn = [...new Set([...operation.dependsOn, ...ids])];
  const described = Object.getOwnPropertyDescriptors(operation);
  return Object.defineProperties({}, { ...described, dependsOn: { value: dependsOn, enumerable: true } }) as Operation;
}
