/** The program that looks test files through: a file of its own in the published package, which goqemu starts. */
export { collectTests } from './tests/collect-tests.ts';
