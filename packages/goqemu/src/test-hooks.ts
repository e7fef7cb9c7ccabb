/** How test files are resolved and translated: a module of its own for a Node.js that loads hooks in their own thread. */
export { load, resolve } from './tests/module-hooks.ts';
