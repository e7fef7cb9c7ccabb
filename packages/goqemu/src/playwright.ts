/** goqemu/playwright: the machines of a lab as fixtures of Playwright's test runner. */
export { expect } from '@goqemu/test';
export { labFixtures } from './sdk/test/playwright-fixtures.ts';
export type { RunnerFixtures, RunnerLabOptions } from './sdk/test/runner-fixtures.ts';
