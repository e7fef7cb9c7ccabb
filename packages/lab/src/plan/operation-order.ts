import type { DraftOperation } from './plan-context.ts';

/** Whether an operation comes after another one, directly or not. */
export function waitsFor(id: string, other: string, operations: readonly DraftOperation[]): boolean {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const seen = new Set<string>();
  const next = [id];
  for (let current = next.pop(); current !== undefined; current = next.pop()) {
    if (current === other) return true;
    if (seen.has(current)) continue;
    seen.add(current);
    next.push(...(byId.get(current)?.dependsOn ?? []));
  }
  return false;
}

/** Each operation after those that it depends on, else in the order that they had. */
export function inDependencyOrder(operations: readonly DraftOperation[]): readonly DraftOperation[] {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const listed = new Set<DraftOperation>();
  const list = (operation: DraftOperation): void => {
    if (listed.has(operation)) return;
    for (const id of operation.dependsOn) {
      const before = byId.get(id);
      if (before) list(before);
    }
    listed.add(operation);
  };
  for (const operation of operations) list(operation);
  return [...listed];
}
