/** The environment variable of a process that looks test files through; it is no interface for users. */
export const collectVariable = 'GOQEMU_TEST_COLLECT';
