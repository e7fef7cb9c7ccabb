/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */

export type { VmHostOptions } from './vm/create-vm-host.ts';
export type { VmProgress } from './vm/vm-host.ts';
