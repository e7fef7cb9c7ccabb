export type * from './backend/backend.ts';
export type * from './backend/progress.ts';
export type * from './machine/machine-spec.ts';
export type * from './step/resolved-step.ts';
