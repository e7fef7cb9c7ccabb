import { randomBytes } from 'node:crypto';

/** Of this copy of the module: a process may have one in each of its threads, and one after another. */
export const instance = randomBytes(4).toString('hex');
