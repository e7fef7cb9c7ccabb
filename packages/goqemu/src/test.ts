/** goqemu/test: tests on the machines of a lab, each on the lab as it was. */
export type { BaseFixtures, Isolation, LabTest, Mark, RegisterTest, TestBody, TestOptions } from '@goqemu/test';
export { test } from './sdk/test/base-test.ts';
export type { BaseTest, LabFixtures, LabTestOptions } from './sdk/test/lab-fixtures.ts';
