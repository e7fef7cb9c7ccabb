import { QemuBackend, type QemuBackendOptions } from '@goqemu/backend-qemu';
import type { FoundMachine } from '@goqemu/lab';
import { withLabHints } from '../render/lab-hints.ts';
import type { HostBackend, HostMachine } from './host-backend.ts';

/** The QEMU backend with what the command line adds to it. */
class QemuHost extends QemuBackend implements HostBackend {
  machine({ spec, record, scope }: Pick<FoundMachine, 'spec' | 'record' | 'scope'>): HostMachine {
    const machine = this.machineOf(spec, record, scope);
    return {
      logs: machine.logs,
      openSession: async () => (await machine.verbs()).openSession(),
      sshFiles: async () => (await machine.verbs()).sshFiles(),
      async openMonitor(signal) {
        const { openMonitor } = await import('./open-endpoints.ts');
        return openMonitor(await (await machine.verbs()).running(), signal);
      },
      async openConsole(signal) {
        const { openConsole } = await import('./open-endpoints.ts');
        return openConsole(spec.name, await (await machine.verbs()).running(), signal);
      },
    };
  }
}

export function createQemuHost(options: QemuBackendOptions): HostBackend {
  return withLabHints(new QemuHost(options));
}
