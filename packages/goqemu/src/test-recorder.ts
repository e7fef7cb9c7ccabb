/** A reporter of Node's runner, which tells goqemu how the tests ended. */
export { recordTests as default } from './tests/record-tests.ts';
