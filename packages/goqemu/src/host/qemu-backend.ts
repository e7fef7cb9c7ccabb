import { QemuBackend, type QemuBackendOptions } from '@goqemu/backend-qemu';
import type { Backend } from '@goqemu/lab';
import { withLabHints } from '../render/lab-hints.ts';

/** The QEMU backend, whose hints the author of a lab can follow. */
export function createQemuBackend(options: QemuBackendOptions): Backend {
  return withLabHints(new QemuBackend(options));
}
