import type { Operation } from './operation.ts';

/** What an operation is about, in one word: `web`, or `web/nginx` for a step. */
export function subjectOf({ resource, step }: Pick<Operation, 'resource' | 'step'>): string {
  return step === undefined ? resource.name : `${resource.name}/${step}`;
}
