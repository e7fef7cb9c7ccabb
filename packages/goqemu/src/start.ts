/** What the executable loads before anything else: how a program of `dist` starts fast. */
export { loadProgram } from './start/load-program.ts';
