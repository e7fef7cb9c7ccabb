import type { PlanInput } from '../resource/plan-input.ts';
import type { LabResource } from './lab-resources.ts';

/** The resources that a plan is about: all, or the chosen ones and what they need, without what needs the excluded ones. */
export function selectResources(
  declared: readonly LabResource[],
  { target, exclude }: Pick<PlanInput, 'target' | 'exclude'>,
): ReadonlySet<string> {
  const byKey = new Map(declared.map((resource) => [resource.key, resource]));
  const chosen = new Set<string>();
  const take = (key: string): void => {
    const resource = byKey.get(key);
    if (chosen.has(key) || !resource) return;
    chosen.add(key);
    for (const other of resource.needs) take(other);
  };
  for (const resource of declared) if (!target?.length || isNamed(resource, target)) take(resource.key);
  const left = new Set<string>();
  // What is declared comes after what it needs, so one pass finds everything that leans on an excluded one.
  for (const resource of declared) {
    const leans = [...resource.needs].some((other) => left.has(other));
    if (leans || (exclude && isNamed(resource, exclude))) left.add(resource.key);
  }
  return new Set([...chosen].filter((key) => !left.has(key)));
}

function isNamed({ ref, key }: LabResource, names: readonly string[]): boolean {
  return names.includes(ref.name) || names.includes(key);
}
