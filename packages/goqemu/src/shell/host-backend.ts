import type { Backend } from '@goqemu/lab';

/** What the command line needs of a place where machines run, beyond what the engine does. */
export type HostBackend = Backend;
