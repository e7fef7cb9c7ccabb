import type { Step } from '@goqemu/spec';

/** What can be done to a running guest. */
export type VmStep = Step<string>;
