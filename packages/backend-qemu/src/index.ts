import { QemuBackend } from './backend/qemu-backend.ts';
import type { QemuBackendOptions } from './backend/qemu-backend-options.ts';

export { QemuBackend } from './backend/qemu-backend.ts';
export type { QemuBackendOptions } from './backend/qemu-backend-options.ts';

/** The backend that runs machines on this host; dispose of it to close its sessions. */
export function createQemuBackend(options: QemuBackendOptions = {}): QemuBackend {
  return new QemuBackend(options);
}
