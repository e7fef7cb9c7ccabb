import type { Operation } from './operation.ts';
import { machineKindName } from './resource-ref.ts';

/** What an operation is about, in one word: `web`, or `web/nginx` for a step. */
export function subjectOf({ resource, step }: Pick<Operation, 'resource' | 'step'>): string {
  return step === undefined ? resource.name : `${resource.name}/${step}`;
}

/** The same, human-readable: a machine goes by its name, and everything else says what it is. */
export function titleOf(operation: Pick<Operation, 'resource' | 'step'>): string {
  const { kind } = operation.resource;
  return kind === machineKindName ? subjectOf(operation) : `${kind} ${subjectOf(operation)}`;
}
