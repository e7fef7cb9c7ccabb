export { baseTest, testOn } from './runner/extend-test.ts';
export { labKey, readRunSettings } from './runner/run-settings.ts';
export type { BaseFixtures, LabTest, Mark, RegisterTest, TestBody, TestOptions } from './runner/test-types.ts';
export type { Isolation, TestedLab, TestedLabSource } from './runner/tested-lab.ts';
export type { TestedCommandOptions, TestedCommandResult, TestedGuest } from './tested-guest.ts';
