/** goqemu/vitest: the machines of a lab as fixtures of Vitest. */
export { expect } from '@goqemu/test';
export type { RunnerFixtures, RunnerLabOptions } from './sdk/test/runner-fixtures.ts';
export { labFixtures, type VitestFixtures } from './sdk/test/vitest-fixtures.ts';
