export { adoptedRecord } from './backend/adopted.ts';

import { QemuBackend } from './backend/qemu-backend.ts';
import type { QemuBackendOptions } from './backend/qemu-backend-options.ts';

export { QemuBackend } from './backend/qemu-backend.ts';
export type { QemuBackendOptions } from './backend/qemu-backend-options.ts';

export type { DoctorFact } from './doctor/doctor.ts';
export { discardHolding } from './holdings/discard-holding.ts';
export { findHoldings, type Holding } from './holdings/find-holdings.ts';
export { type MachineElsewhere, machinesElsewhere } from './holdings/running-machines.ts';

/** The backend that runs machines on this host; dispose of it to close its sessions. */
export function createQemuBackend(options: QemuBackendOptions = {}): QemuBackend {
  return new QemuBackend(options);
}
